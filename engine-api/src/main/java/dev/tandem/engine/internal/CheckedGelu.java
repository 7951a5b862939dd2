package dev.tandem.engine.internal;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Gelu;
import dev.tandem.engine.kernel.GeluForm;

final class CheckedGelu extends Checked implements Gelu {
    private final Gelu kernel;

    CheckedGelu(Gelu kernel, Guard guard, Backend backend) {
        super(guard, backend, "Gelu");
        this.kernel = kernel;
    }

    @Override
    public void forward(Tensor y, Tensor x, GeluForm form) {
        enter();
        try {
            working("x", x);
            sameElements("y", y, "x", x);
            kernel.forward(y, x, form);
        } finally {
            exit();
        }
    }

    @Override
    public void backward(Tensor dx, Tensor dy, Tensor x, GeluForm form) {
        enter();
        try {
            working("x", x);
            sameElements("dy", dy, "x", x);
            sameElements("dx", dx, "x", x);
            kernel.backward(dx, dy, x, form);
        } finally {
            exit();
        }
    }
}
