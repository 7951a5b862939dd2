package dev.tandem.testkit;

import dev.tandem.engine.ElementType;
import dev.tandem.engine.Philox;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Fill;

/// Rounds every value to F32, and from there to BF16, as the contract says, so that a model starts from the same
/// weights on
/// every backend.
final class ReferenceFill implements Fill {
    @Override
    public void constant(Tensor tensor, double value) {
        if (tensor.type() == ElementType.I32) {
            Integers y = Integers.of(tensor);
            for (int i = 0; i < y.size(); i++) {
                y.set(i, (int) value);
            }
        } else {
            Values y = Values.of(tensor);
            for (int i = 0; i < y.size(); i++) {
                y.set(i, (float) value);
            }
        }
    }

    @Override
    public void uniform(Tensor tensor, float low, float high, long seed, long stream) {
        Values y = Values.of(tensor);
        double range = (double) high - low;
        for (int i = 0; i < y.size(); i++) {
            y.set(i, (float) (low + range * Philox.uniform(seed, stream, i)));
        }
    }

    @Override
    public void normal(Tensor tensor, float mean, float deviation, long seed, long stream) {
        Values y = Values.of(tensor);
        for (int i = 0; i < y.size(); i++) {
            y.set(i, (float) (mean + deviation * Philox.normal(seed, stream, i)));
        }
    }

    @Override
    public void gumbel(Tensor tensor, long seed, long stream) {
        Values y = Values.of(tensor);
        for (int i = 0; i < y.size(); i++) {
            y.set(i, (float) Philox.gumbel(seed, stream, i));
        }
    }
}
