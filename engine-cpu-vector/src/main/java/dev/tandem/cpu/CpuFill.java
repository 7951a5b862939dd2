package dev.tandem.cpu;

import dev.tandem.engine.ElementType;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Fill;
import jdk.incubator.vector.IntVector;

/// Values by row-major index, written where the layout wants them.
final class CpuFill implements Fill {
    private enum Kind {
        CONSTANT,
        INTEGER,
        UNIFORM,
        NORMAL,
        GUMBEL
    }

    // Draws are made in runs of this many.
    private static final int RUN = 1024;
    private static final int WORDS_OF_NORMAL = 2;

    private final Workers workers;
    private final Workers.Task task = this::block;
    private final Workers.Task zero = this::zeroBlock;
    private final Elements elements = new Elements();
    private Kind kind = Kind.CONSTANT;
    private long zeros;
    private long zeroElements;
    private double offset;
    private double factor;
    private long seed;
    private long stream;

    CpuFill(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void constant(Tensor y, double value) {
        if (Double.doubleToRawLongBits(value) == 0 && CpuStorage.whole(y)) {
            // Gradients, at the start of every step: as they lie in memory, padding is zero anyway.
            zeros = CpuStorage.address(y);
            zeroElements = CpuStorage.spread(y);
            workers.run(Blocks.count(zeroElements), zero);
            return;
        }
        run(y, y.type() == ElementType.I32 ? Kind.INTEGER : Kind.CONSTANT, value, 0, 0, 0);
    }

    @Override
    public void uniform(Tensor y, float low, float high, long seed, long stream) {
        run(y, Kind.UNIFORM, low, (double) high - low, seed, stream);
    }

    @Override
    public void normal(Tensor y, float mean, float deviation, long seed, long stream) {
        run(y, Kind.NORMAL, mean, deviation, seed, stream);
    }

    @Override
    public void gumbel(Tensor y, long seed, long stream) {
        run(y, Kind.GUMBEL, 0, 1, seed, stream);
    }

    private void run(Tensor y, Kind kind, double offset, double factor, long seed, long stream) {
        elements.of(y);
        this.kind = kind;
        this.offset = offset;
        this.factor = factor;
        this.seed = seed;
        this.stream = stream;
        workers.run(elements.blocks(), task);
    }

    /// Elements of one block; those of a row of a weight lie `ROW_BYTES` apart, others side by side.
    private void block(int block, int worker) {
        long end = elements.blockEnd(block);
        long i = elements.blockBegin(block);
        while (i < end) {
            int run = (int) Math.min(RUN, elements.runLength(i, end));
            fill(i, run, elements.address(i), elements.stride(), worker);
            i += run;
        }
    }

    private void zeroBlock(int block, int worker) {
        long bytes = (long) Blocks.length(block, zeroElements) * Float.BYTES;
        Lanes.clear(zeros + Blocks.offset(block), bytes);
    }

    private void fill(long first, int count, long address, long stride, int worker) {
        switch (kind) {
            case CONSTANT -> constants(Float.floatToRawIntBits((float) offset), count, address, stride);
            case INTEGER -> constants((int) offset, count, address, stride);
            case UNIFORM, NORMAL, GUMBEL -> random(first, count, address, stride, worker);
        }
    }

    private void random(long first, int count, long address, long stride, int worker) {
        long values =
                workers.workspace(worker).address(2 * Samples.bytes(RUN) + PhiloxWords.rowBytes(WORDS_OF_NORMAL * RUN));
        long rounded = values + Samples.bytes(RUN);
        long buffer = rounded + Samples.bytes(RUN);
        if (kind == Kind.NORMAL) {
            int draws = WORDS_OF_NORMAL * count;
            long words = PhiloxWords.write(buffer, seed, stream, WORDS_OF_NORMAL * first, draws);
            Samples.radii(values, words, count);
            Samples.minusLogs(values, count);
            Samples.turn(values, words, count);
        } else {
            long words = PhiloxWords.write(buffer, seed, stream, first, count);
            Samples.uniforms(values, words, count, kind == Kind.GUMBEL ? 0.5 : 0);
        }
        if (kind == Kind.GUMBEL) {
            Samples.minusLogs(values, count);
            Samples.minusLogs(values, count);
        }
        Samples.affine(rounded, values, count, offset, factor);
        spread(rounded, count, address, stride);
    }

    private static void constants(int bits, int count, long address, long stride) {
        int i = 0;
        if (stride == Float.BYTES) {
            IntVector vector = IntVector.broadcast(Lanes.I32, bits);
            for (int bound = Lanes.I32.loopBound(count); i < bound; i += Lanes.LENGTH) {
                Lanes.store(vector, address + (long) i * Float.BYTES);
            }
        }
        for (; i < count; i++) {
            Lanes.setInt(address + i * stride, bits);
        }
    }

    private static void spread(long values, int count, long address, long stride) {
        if (stride == Float.BYTES) {
            Lanes.copy(values, address, (long) count * Float.BYTES);
            return;
        }
        for (int i = 0; i < count; i++) {
            Lanes.set(address + i * stride, Lanes.get(values + (long) i * Float.BYTES));
        }
    }
}
