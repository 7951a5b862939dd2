package dev.tandem.engine.internal;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Attention;
import dev.tandem.engine.kernel.KvCache;
import java.util.Optional;

final class CheckedAttention extends Checked implements Attention {
    private final Attention kernel;

    CheckedAttention(Attention kernel, Guard guard, Backend backend) {
        super(guard, backend, "Attention");
        this.kernel = kernel;
    }

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
        enter();
        try {
            attends(y, logSumExp, qkv, padding, H);
            probability(dropout);
            kernel.forward(y, logSumExp, qkv, padding, H, dropout, seed, stream);
        } finally {
            exit();
        }
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
        enter();
        try {
            attends(y, logSumExp, qkv, padding, H);
            same("dy", dy, "y", y);
            same("dqkv", dqkv, "qkv", qkv);
            if (dqkv.storage() == qkv.storage() && dqkv.offset() == qkv.offset()) {
                throw refuse("dqkv must not be qkv, which is read until the end");
            }
            probability(dropout);
            kernel.backward(dqkv, dy, y, logSumExp, qkv, padding, H, dropout, seed, stream);
        } finally {
            exit();
        }
    }

    @Override
    public void decode(Tensor y, Tensor qkv, KvCache cache, int start, int H) {
        enter();
        try {
            batch(y, qkv, H);
            int B = y.shape().extent(0);
            int T = y.shape().extent(1);
            int C = y.shape().extent(2);
            ElementType type = y.type();
            rowMajor("cache.keys", cache.keys(), type);
            if (cache.keys().shape().rank() != 3) {
                throw refuse("cache.keys must be [B, P, C], was " + cache.keys().shape());
            }
            int P = cache.keys().shape().extent(1);
            cube("cache.keys", cache.keys(), type, B, P, C);
            cube("cache.values", cache.values(), type, B, P, C);
            if (start < 0 || start > P - T) {
                throw refuse("positions " + start + " to " + (start + T - 1) + " do not fit a cache of " + P
                        + ": allocate a longer one");
            }
            kernel.decode(y, qkv, cache, start, H);
        } finally {
            exit();
        }
    }

    private void attends(Tensor y, Tensor logSumExp, Tensor qkv, Optional<Tensor> padding, int H) {
        batch(y, qkv, H);
        int B = y.shape().extent(0);
        int T = y.shape().extent(1);
        cube("logSumExp", logSumExp, ElementType.F32, B, H, T);
        matrix("padding", padding, ElementType.I32, B, T);
    }

    private void batch(Tensor y, Tensor qkv, int H) {
        ElementType type = working("y", y);
        if (y.shape().rank() != 3) {
            throw refuse("y must be [B, T, C], was " + y.shape());
        }
        int C = y.shape().extent(2);
        if (H < 1 || C % H != 0) {
            throw refuse("the number of heads must divide C=" + C + ", was " + H);
        }
        cube("qkv", qkv, type, y.shape().extent(0), y.shape().extent(1), 3 * C);
    }
}
