package dev.tandem.cuda;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.AdamW;

/// Not written yet.
final class CudaAdamW implements AdamW {
    CudaAdamW(CudaQueue queue) {}

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
        throw new UnsupportedOperationException("AdamW");
    }
}
