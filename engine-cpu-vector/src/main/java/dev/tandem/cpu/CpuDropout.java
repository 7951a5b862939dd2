package dev.tandem.cpu;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Dropout;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/// Inverted dropout; draws are made again in the backward, never stored.
final class CpuDropout implements Dropout {
    private static final int CHUNK = 1024;
    /// Lower bits of a word, which a draw does not use.
    static final int UNUSED_BITS = 8;

    private final Workers workers;
    private final Workers.Task task = this::block;
    private long elements;
    private long y;
    private long x;
    private float probability;
    private long seed;
    private long stream;

    CpuDropout(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void forward(Tensor y, Tensor x, float probability, long seed, long stream) {
        this.elements = y.shape().elements();
        this.y = CpuStorage.address(y);
        this.x = CpuStorage.address(x);
        this.probability = probability;
        this.seed = seed;
        this.stream = stream;
        workers.run(Blocks.count(elements), task);
    }

    private void block(int block, int worker) {
        long offset = Blocks.offset(block);
        int length = Blocks.length(block, elements);
        if (probability == 0) {
            Lanes.copy(x + offset, y + offset, (long) length * Float.BYTES);
            return;
        }
        long buffer = workers.workspace(worker).address(PhiloxWords.rowBytes(CHUNK));
        long first = (long) block * Blocks.SIZE;
        for (int i = 0; i < length; i += CHUNK) {
            int count = Math.min(CHUNK, length - i);
            long words = PhiloxWords.write(buffer, seed, stream, first + i, count);
            long at = offset + (long) i * Float.BYTES;
            drop(y + at, x + at, words, count, probability);
        }
    }

    /// What `word >>> UNUSED_BITS` must reach for an element to be kept; the draw itself is that times 2^-24.
    static int threshold(float probability) {
        return (int) Math.ceil(probability * 0x1p24);
    }

    static float scale(float probability) {
        return (float) (1 / (1 - (double) probability));
    }

    /// `y = x / (1 - probability)` where the draw is at least `probability`, else 0; `y` may be `x`.
    static void drop(long y, long x, long words, int length, float probability) {
        float scale = scale(probability);
        int threshold = threshold(probability);
        int i = 0;
        for (int bound = Lanes.F32.loopBound(length); i < bound; i += Lanes.LENGTH) {
            long at = (long) i * Float.BYTES;
            IntVector draws = Lanes.loadInts(words + at).lanewise(VectorOperators.LSHR, UNUSED_BITS);
            IntVector kept = Lanes.load(x + at).mul(scale).reinterpretAsInts();
            Lanes.store(kept.blend(0, draws.compare(VectorOperators.LT, threshold)), y + at);
        }
        if (i < length) {
            VectorMask<Float> tail = Lanes.tail(i, length);
            long at = (long) i * Float.BYTES;
            IntVector draws = Lanes.loadInts(words + at).lanewise(VectorOperators.LSHR, UNUSED_BITS);
            IntVector kept = Lanes.load(x + at, tail).mul(scale).reinterpretAsInts();
            IntVector result = kept.blend(0, draws.compare(VectorOperators.LT, threshold));
            Lanes.store(result.reinterpretAsFloats(), y + at, tail);
        }
    }
}
