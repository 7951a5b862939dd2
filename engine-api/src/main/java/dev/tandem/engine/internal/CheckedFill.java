package dev.tandem.engine.internal;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Fill;

final class CheckedFill extends Checked implements Fill {
    private final Fill kernel;

    CheckedFill(Fill kernel, Guard guard, Backend backend) {
        super(guard, backend, "Fill");
        this.kernel = kernel;
    }

    @Override
    public void constant(Tensor y, double value) {
        enter();
        try {
            usable("y", y, y.type());
            computable("y", y);
            kernel.constant(y, value);
        } finally {
            exit();
        }
    }

    @Override
    public void uniform(Tensor y, float low, float high, long seed, long stream) {
        enter();
        try {
            floating("y", y);
            if (!(low <= high)) {
                throw refuse("low must not exceed high, were " + low + " and " + high);
            }
            kernel.uniform(y, low, high, seed, stream);
        } finally {
            exit();
        }
    }

    @Override
    public void normal(Tensor y, float mean, float deviation, long seed, long stream) {
        enter();
        try {
            floating("y", y);
            if (!(deviation >= 0)) {
                throw refuse("deviation must not be negative, was " + deviation);
            }
            kernel.normal(y, mean, deviation, seed, stream);
        } finally {
            exit();
        }
    }

    @Override
    public void gumbel(Tensor y, long seed, long stream) {
        enter();
        try {
            usable("y", y, ElementType.F32);
            kernel.gumbel(y, seed, stream);
        } finally {
            exit();
        }
    }
}
