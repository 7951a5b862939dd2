package dev.tandem.cuda;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertLoad;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.Gate;
import dev.tandem.engine.kernel.GateOptions;
import dev.tandem.engine.kernel.Routing;
import java.util.Optional;

/// Not written yet.
final class CudaGate implements Gate {
    CudaGate(CudaQueue queue) {}

    @Override
    public void forward(
            Routing routing,
            ExpertRows rows,
            ExpertLoad load,
            Tensor balanceLoss,
            Tensor probabilities,
            Tensor logits,
            Optional<Tensor> padding,
            Optional<Tensor> noise,
            GateOptions options) {
        throw new UnsupportedOperationException("Gate");
    }

    @Override
    public void backward(
            Tensor dLogits,
            Tensor dWeight,
            Routing routing,
            ExpertLoad load,
            Tensor probabilities,
            float dBalanceLoss,
            GateOptions options) {
        throw new UnsupportedOperationException("Gate");
    }
}
