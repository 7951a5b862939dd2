package dev.tandem.cuda;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Dropout;

/// Not written yet.
final class CudaDropout implements Dropout {
    CudaDropout(CudaQueue queue) {}

    @Override
    public void forward(Tensor y, Tensor x, float probability, long seed, long stream) {
        throw new UnsupportedOperationException("Dropout");
    }
}
