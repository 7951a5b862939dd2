package dev.tandem.testkit;

import dev.tandem.engine.Philox;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Dropout;

final class ReferenceDropout implements Dropout {
    @Override
    public void forward(Tensor yTensor, Tensor xTensor, float probability, long seed, long stream) {
        Values y = Values.of(yTensor);
        Values x = Values.of(xTensor);
        for (int i = 0; i < y.size(); i++) {
            y.set(i, x.get(i) * factor(probability, seed, stream, i));
        }
    }

    /// 0 or `1/(1 − probability)`.
    static double factor(float probability, long seed, long stream, long index) {
        if (probability == 0) {
            return 1;
        }
        return Philox.uniform(seed, stream, index) >= probability ? 1 / (1 - (double) probability) : 0;
    }
}
