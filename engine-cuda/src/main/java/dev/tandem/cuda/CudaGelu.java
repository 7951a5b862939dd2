package dev.tandem.cuda;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Gelu;
import dev.tandem.engine.kernel.GeluForm;

/// Not written yet.
final class CudaGelu implements Gelu {
    CudaGelu(CudaQueue queue) {}

    @Override
    public void forward(Tensor y, Tensor x, GeluForm form) {
        throw new UnsupportedOperationException("Gelu");
    }

    @Override
    public void backward(Tensor dx, Tensor dy, Tensor x, GeluForm form) {
        throw new UnsupportedOperationException("Gelu");
    }
}
