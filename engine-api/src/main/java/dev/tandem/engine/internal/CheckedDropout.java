package dev.tandem.engine.internal;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Dropout;

final class CheckedDropout extends Checked implements Dropout {
    private final Dropout kernel;

    CheckedDropout(Dropout kernel, Guard guard, Backend backend) {
        super(guard, backend, "Dropout");
        this.kernel = kernel;
    }

    @Override
    public void forward(Tensor y, Tensor x, float probability, long seed, long stream) {
        enter();
        try {
            working("y", y);
            sameElements("x", x, "y", y);
            probability(probability);
            kernel.forward(y, x, probability, seed, stream);
        } finally {
            exit();
        }
    }
}
