package dev.tandem.engine.internal;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.AdamW;

final class CheckedAdamW extends Checked implements AdamW {
    private final AdamW kernel;

    CheckedAdamW(AdamW kernel, Guard guard, Backend backend) {
        super(guard, backend, "AdamW");
        this.kernel = kernel;
    }

    @Override
    public void update(
            Tensor parameter,
            Tensor m,
            Tensor v,
            Tensor gradient,
            Tensor norm,
            Moments moments,
            float learningRate,
            float weightDecay,
            float gradientScale,
            long step) {
        enter();
        try {
            usable("parameter", parameter, ElementType.F32);
            if (parameter.storage().role() == Role.WEIGHT) {
                whole("parameter", parameter, parameter.shape().rank());
            }
            same("m", m, "parameter", parameter);
            same("v", v, "parameter", parameter);
            same("gradient", gradient, "parameter", parameter);
            vector("norm", norm, ElementType.F32, 2);
            if (step < 1) {
                throw refuse("steps count from 1, was " + step);
            }
            kernel.update(parameter, m, v, gradient, norm, moments, learningRate, weightDecay, gradientScale, step);
        } finally {
            exit();
        }
    }
}
