package dev.tandem.cuda;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.GeluForm;
import dev.tandem.engine.kernel.Linear;
import java.util.Optional;

/// Not written yet.
final class CudaLinear implements Linear {
    CudaLinear(CudaQueue queue) {}

    @Override
    public void forward(Tensor y, Tensor x, Tensor weight, Optional<Tensor> bias) {
        throw new UnsupportedOperationException("Linear");
    }

    @Override
    public void forwardGelu(
            Tensor y, Optional<Tensor> preActivation, Tensor x, Tensor weight, Optional<Tensor> bias, GeluForm form) {
        throw new UnsupportedOperationException("Linear");
    }

    @Override
    public void backwardData(Tensor dx, Tensor dy, Tensor weight) {
        throw new UnsupportedOperationException("Linear");
    }

    @Override
    public void backwardWeight(Tensor dWeight, Optional<Tensor> dBias, Tensor dy, Tensor x) {
        throw new UnsupportedOperationException("Linear");
    }
}
