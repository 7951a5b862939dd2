package dev.tandem.cuda;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertFeedForward;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.FeedForwardWeights;
import dev.tandem.engine.kernel.GeluForm;
import java.util.Optional;

/// Not written yet.
final class CudaExpertFeedForward implements ExpertFeedForward {
    CudaExpertFeedForward(CudaQueue queue) {}

    @Override
    public void forward(
            Tensor expertY,
            Optional<Tensor> preActivation,
            Tensor x,
            FeedForwardWeights weights,
            ExpertRows rows,
            int K,
            GeluForm form) {
        throw new UnsupportedOperationException("ExpertFeedForward");
    }

    @Override
    public void backward(
            Tensor dExpertX,
            FeedForwardWeights dWeights,
            Tensor dExpertY,
            Tensor preActivation,
            Tensor x,
            FeedForwardWeights weights,
            ExpertRows rows,
            int K,
            GeluForm form) {
        throw new UnsupportedOperationException("ExpertFeedForward");
    }
}
