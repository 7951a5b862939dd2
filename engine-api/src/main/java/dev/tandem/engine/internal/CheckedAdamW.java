package dev.tandem.engine.internal;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.AdamW;
import java.util.Optional;

final class CheckedAdamW extends Checked implements AdamW {
    private final AdamW kernel;

    CheckedAdamW(AdamW kernel, Guard guard, Backend backend) {
        super(guard, backend, "AdamW");
        this.kernel = kernel;
    }

    @Override
    public void update(
            Tensor parameter,
            Optional<Tensor> working,
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
                whole("parameter", parameter, ElementType.F32, parameter.shape().rank());
            }
            if (working.isPresent()) {
                copy(working.get(), parameter);
            }
            same("m", m, "parameter", parameter);
            same("v", v, "parameter", parameter);
            same("gradient", gradient, "parameter", parameter);
            vector("norm", norm, ElementType.F32, 2);
            if (step < 1) {
                throw refuse("steps count from 1, was " + step);
            }
            kernel.update(
                    parameter, working, m, v, gradient, norm, moments, learningRate, weightDecay, gradientScale, step);
        } finally {
            exit();
        }
    }

    @Override
    public void round(Tensor working, Tensor parameter) {
        enter();
        try {
            usable("parameter", parameter, ElementType.F32);
            copy(working, parameter);
            kernel.round(working, parameter);
        } finally {
            exit();
        }
    }

    private void copy(Tensor working, Tensor parameter) {
        same("working", working, ElementType.BF16, "parameter", parameter);
        computable("working", working);
    }
}
