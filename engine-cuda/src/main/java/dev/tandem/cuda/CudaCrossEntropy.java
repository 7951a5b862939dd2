package dev.tandem.cuda;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.CrossEntropy;

/// Not written yet.
final class CudaCrossEntropy implements CrossEntropy {
    CudaCrossEntropy(CudaQueue queue) {}

    @Override
    public void forward(Tensor total, Tensor loss, Tensor logSumExp, Tensor logits, Tensor targets) {
        throw new UnsupportedOperationException("CrossEntropy");
    }

    @Override
    public void backward(Tensor dLogits, Tensor logSumExp, Tensor logits, Tensor targets, float scale) {
        throw new UnsupportedOperationException("CrossEntropy");
    }
}
