package dev.tandem.cuda;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.GradientNorm;
import java.util.List;

/// Not written yet.
final class CudaGradientNorm implements GradientNorm {
    CudaGradientNorm(CudaQueue queue) {}

    @Override
    public void forward(Tensor norm, List<Gradient> gradients, float clip) {
        throw new UnsupportedOperationException("GradientNorm");
    }
}
