package dev.tandem.engine.internal;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.GradientNorm;
import java.util.List;

final class CheckedGradientNorm extends Checked implements GradientNorm {
    private final GradientNorm kernel;

    CheckedGradientNorm(GradientNorm kernel, Guard guard, Backend backend) {
        super(guard, backend, "GradientNorm");
        this.kernel = kernel;
    }

    @Override
    public void forward(Tensor norm, List<Gradient> gradients, float clip) {
        enter();
        try {
            vector("norm", norm, ElementType.F32, 2);
            for (int i = 0; i < gradients.size(); i++) {
                usable("gradients", gradients.get(i).tensor(), ElementType.F32);
            }
            if (!(clip >= 0)) {
                throw refuse("clip must be 0 (no clipping) or positive, was " + clip);
            }
            kernel.forward(norm, gradients, clip);
        } finally {
            exit();
        }
    }
}
