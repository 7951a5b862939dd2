package dev.tandem.cpu;

import dev.tandem.engine.ElementType;
import dev.tandem.engine.Philox;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Fill;

/// Values by row-major index, written where the layout wants them.
final class CpuFill implements Fill {
    private enum Kind {
        CONSTANT,
        INTEGER,
        UNIFORM,
        NORMAL,
        GUMBEL
    }

    // Uniform draws are made in runs of this many.
    private static final int RUN = 256;

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
        Lanes.fill(zeros + Blocks.offset(block), bytes, (byte) 0);
    }

    private void fill(long first, int count, long address, long stride, int worker) {
        switch (kind) {
            case CONSTANT -> {
                for (int i = 0; i < count; i++) {
                    Lanes.set(address + i * stride, (float) offset);
                }
            }
            case INTEGER -> {
                for (int i = 0; i < count; i++) {
                    Lanes.setInt(address + i * stride, (int) offset);
                }
            }
            case UNIFORM -> uniforms(first, count, address, stride, worker);
            case NORMAL -> {
                for (int i = 0; i < count; i++) {
                    double z = Philox.normal(seed, stream, first + i);
                    Lanes.set(address + i * stride, (float) (offset + factor * z));
                }
            }
            case GUMBEL -> {
                for (int i = 0; i < count; i++) {
                    Lanes.set(address + i * stride, (float) Philox.gumbel(seed, stream, first + i));
                }
            }
        }
    }

    private void uniforms(long first, int count, long address, long stride, int worker) {
        long buffer = workers.workspace(worker).address((long) Uniforms.room(RUN) * Float.BYTES);
        long draws = Uniforms.write(buffer, seed, stream, first, count);
        for (int i = 0; i < count; i++) {
            double u = Lanes.get(draws + (long) i * Float.BYTES);
            Lanes.set(address + i * stride, (float) (offset + factor * u));
        }
    }
}
