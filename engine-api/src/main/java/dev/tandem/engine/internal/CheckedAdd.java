package dev.tandem.engine.internal;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Add;

final class CheckedAdd extends Checked implements Add {
    private final Add kernel;

    CheckedAdd(Add kernel, Guard guard, Backend backend) {
        super(guard, backend, "Add");
        this.kernel = kernel;
    }

    @Override
    public void forward(Tensor y, Tensor a, Tensor b) {
        enter();
        try {
            working("y", y);
            sameElements("a", a, "y", y);
            sameElements("b", b, "y", y);
            kernel.forward(y, a, b);
        } finally {
            exit();
        }
    }
}
