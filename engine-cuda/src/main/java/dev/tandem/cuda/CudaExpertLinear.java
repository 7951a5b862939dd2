package dev.tandem.cuda;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertLinear;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.GeluForm;
import java.util.Optional;

/// Not written yet.
final class CudaExpertLinear implements ExpertLinear {
    CudaExpertLinear(CudaQueue queue) {}

    @Override
    public void forward(Tensor y, Tensor x, Tensor weight, Optional<Tensor> bias, ExpertRows rows) {
        throw new UnsupportedOperationException("ExpertLinear");
    }

    @Override
    public void forwardGelu(
            Tensor y,
            Optional<Tensor> preActivation,
            Tensor x,
            Tensor weight,
            Optional<Tensor> bias,
            ExpertRows rows,
            GeluForm form) {
        throw new UnsupportedOperationException("ExpertLinear");
    }

    @Override
    public void backwardData(Tensor dx, Tensor dy, Tensor weight, ExpertRows rows) {
        throw new UnsupportedOperationException("ExpertLinear");
    }

    @Override
    public void backwardWeight(Tensor dWeight, Optional<Tensor> dBias, Tensor dy, Tensor x, ExpertRows rows) {
        throw new UnsupportedOperationException("ExpertLinear");
    }
}
