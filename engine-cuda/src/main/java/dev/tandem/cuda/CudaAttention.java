package dev.tandem.cuda;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Attention;
import dev.tandem.engine.kernel.KvCache;
import java.util.Optional;

/// Not written yet.
final class CudaAttention implements Attention {
    CudaAttention(CudaQueue queue) {}

    @Override
    public void forward(
            Tensor y,
            Tensor logSumExp,
            Tensor qkv,
            Optional<Tensor> padding,
            int H,
            float dropout,
            long seed,
            long stream) {
        throw new UnsupportedOperationException("Attention");
    }

    @Override
    public void backward(
            Tensor dqkv,
            Tensor dy,
            Tensor y,
            Tensor logSumExp,
            Tensor qkv,
            Optional<Tensor> padding,
            int H,
            float dropout,
            long seed,
            long stream) {
        throw new UnsupportedOperationException("Attention");
    }

    @Override
    public void decode(Tensor y, Tensor qkv, KvCache cache, int start, int H) {
        throw new UnsupportedOperationException("Attention");
    }
}
