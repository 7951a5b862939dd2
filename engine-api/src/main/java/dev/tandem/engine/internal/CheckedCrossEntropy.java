package dev.tandem.engine.internal;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.CrossEntropy;

final class CheckedCrossEntropy extends Checked implements CrossEntropy {
    private final CrossEntropy kernel;

    CheckedCrossEntropy(CrossEntropy kernel, Guard guard, Backend backend) {
        super(guard, backend, "CrossEntropy");
        this.kernel = kernel;
    }

    @Override
    public void forward(Tensor total, Tensor loss, Tensor logSumExp, Tensor logits, Tensor targets) {
        enter();
        try {
            scores(logSumExp, logits, targets);
            vector("total", total, ElementType.F32, 1);
            vector("loss", loss, ElementType.F32, Math.toIntExact(logits.shape().rows()));
            kernel.forward(total, loss, logSumExp, logits, targets);
        } finally {
            exit();
        }
    }

    @Override
    public void backward(Tensor dLogits, Tensor logSumExp, Tensor logits, Tensor targets, float scale) {
        enter();
        try {
            scores(logSumExp, logits, targets);
            ElementType type = working("dLogits", dLogits);
            same("dLogits", dLogits, type, "logits", logits);
            kernel.backward(dLogits, logSumExp, logits, targets, scale);
        } finally {
            exit();
        }
    }

    private void scores(Tensor logSumExp, Tensor logits, Tensor targets) {
        rowMajor("logits", logits, ElementType.F32);
        int N = Math.toIntExact(logits.shape().rows());
        matrix("logits", logits, ElementType.F32, N, logits.shape().last());
        vector("logSumExp", logSumExp, ElementType.F32, N);
        vector("targets", targets, ElementType.I32, N);
    }
}
