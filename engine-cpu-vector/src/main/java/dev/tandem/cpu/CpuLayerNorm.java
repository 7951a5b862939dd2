package dev.tandem.cpu;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.LayerNorm;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// Layer norm, row by row. The gradients of gain and bias are summed per block of rows, then over blocks.
final class CpuLayerNorm implements LayerNorm {
    private static final int PASSES = 3; // over a row, in either direction
    // More blocks than threads, few enough that their sums are soon added up.
    private static final int MOST_BLOCKS = 64;
    private static final int COLUMNS = 256;
    private static final long CACHE = Processor.secondLevelCache();

    private final Workers workers;
    private final Workspace partials;
    private final Workers.Task forward = this::forwardRows;
    private final Workers.Task backward = this::backwardRows;
    private final Workers.Task combine = this::combineColumns;

    private int N;
    private int C;
    private int rows;
    private int blocks;
    private float epsilon;
    private long y;
    private long dy;
    private long mean;
    private long rstd;
    private long x;
    private long gain;
    private long bias;
    private long dGain;
    private long dBias;
    private long sums;
    private boolean fromMemory;

    CpuLayerNorm(Workers workers, Workspace partials) {
        this.workers = workers;
        this.partials = partials;
    }

    @Override
    public void forward(Tensor y, Saved saved, Tensor x, Tensor gain, Tensor bias, float epsilon) {
        operands(y, saved, x, gain);
        this.bias = CpuStorage.address(bias);
        this.epsilon = epsilon;
        rows = Blocks.rows(C);
        workers.run(Math.ceilDiv(N, rows), forward);
    }

    @Override
    public void backward(Tensor dx, Tensor dGain, Tensor dBias, Tensor dy, Saved saved, Tensor x, Tensor gain) {
        operands(dx, saved, x, gain);
        this.dy = CpuStorage.address(dy);
        this.dGain = CpuStorage.address(dGain);
        this.dBias = CpuStorage.address(dBias);
        rows = Math.max(Blocks.rows(C), Math.ceilDiv(N, MOST_BLOCKS));
        blocks = Math.ceilDiv(N, rows);
        sums = partials.address(2L * blocks * C * Float.BYTES);
        workers.run(blocks, backward);
        workers.run(Math.ceilDiv(C, COLUMNS), combine);
    }

    private void operands(Tensor y, Saved saved, Tensor x, Tensor gain) {
        N = (int) x.shape().rows();
        C = x.shape().last();
        fromMemory = (long) N * C * Float.BYTES > CACHE;
        this.y = CpuStorage.address(y);
        this.mean = CpuStorage.address(saved.mean());
        this.rstd = CpuStorage.address(saved.rstd());
        this.x = CpuStorage.address(x);
        this.gain = CpuStorage.address(gain);
    }

    private void forwardRows(int block, int worker) {
        long rowBytes = (long) C * Float.BYTES;
        int last = Math.min(N, (block + 1) * rows);
        for (int n = block * rows; n < last; n++) {
            long row = x + n * rowBytes;
            askForNext(row, rowBytes, 0);
            float center = Rows.sum(row, C) / C;
            askForNext(row, rowBytes, 1);
            float variance = Rows.squares(row, C, center) / C;
            float scale = (float) (1 / Math.sqrt((double) variance + epsilon));
            Lanes.set(mean + (long) n * Float.BYTES, center);
            Lanes.set(rstd + (long) n * Float.BYTES, scale);
            askForNext(row, rowBytes, 2);
            normalize(y + n * rowBytes, row, gain, bias, C, center, scale);
        }
    }

    /// The sums of a row wait for its last element, and meanwhile nothing would come from memory. A part of the next
    /// row before each pass: a whole one may be more lines than the processor can wait for at once.
    private void askForNext(long row, long rowBytes, int pass) {
        if (fromMemory) {
            long first = rowBytes * pass / PASSES;
            Prefetch.lines(row + rowBytes + first, rowBytes * (pass + 1) / PASSES - first);
        }
    }

    private void askForNextOfBoth(long row, long upstream, long rowBytes, int pass) {
        askForNext(row, rowBytes, pass);
        askForNext(upstream, rowBytes, pass);
    }

    private static void normalize(long y, long x, long gain, long bias, int C, float mean, float rstd) {
        int c = 0;
        for (int bound = Lanes.F32.loopBound(C); c < bound; c += Lanes.LENGTH) {
            long at = (long) c * Float.BYTES;
            FloatVector hat = Lanes.load(x + at).sub(mean).mul(rstd);
            Lanes.store(hat.fma(Lanes.load(gain + at), Lanes.load(bias + at)), y + at);
        }
        if (c < C) {
            VectorMask<Float> tail = Lanes.tail(c, C);
            long at = (long) c * Float.BYTES;
            FloatVector hat = Lanes.load(x + at, tail).sub(mean).mul(rstd);
            Lanes.store(hat.fma(Lanes.load(gain + at, tail), Lanes.load(bias + at, tail)), y + at, tail);
        }
    }

    private void backwardRows(int block, int worker) {
        long rowBytes = (long) C * Float.BYTES;
        long gainSum = sums + 2L * block * rowBytes;
        long biasSum = gainSum + rowBytes;
        Lanes.fill(gainSum, 2 * rowBytes, (byte) 0);
        int last = Math.min(N, (block + 1) * rows);
        for (int n = block * rows; n < last; n++) {
            float center = Lanes.get(mean + (long) n * Float.BYTES);
            float scale = Lanes.get(rstd + (long) n * Float.BYTES);
            long upstream = dy + n * rowBytes;
            long row = x + n * rowBytes;
            askForNextOfBoth(row, upstream, rowBytes, 0);
            float all = Rows.dot(upstream, gain, C) / C;
            askForNextOfBoth(row, upstream, rowBytes, 1);
            float along = alongNormalized(upstream, row, gain, C, center, scale) / C;
            askForNextOfBoth(row, upstream, rowBytes, 2);
            gradients(y + n * rowBytes, gainSum, biasSum, upstream, row, gain, C, center, scale, all, along);
        }
    }

    /// `sum of dy * gain * (x - mean) * rstd`.
    private static float alongNormalized(long dy, long x, long gain, int C, float mean, float rstd) {
        FloatVector sum = FloatVector.zero(Lanes.F32);
        int c = 0;
        for (int bound = Lanes.F32.loopBound(C); c < bound; c += Lanes.LENGTH) {
            long at = (long) c * Float.BYTES;
            FloatVector hat = Lanes.load(x + at).sub(mean).mul(rstd);
            sum = hat.fma(Lanes.load(dy + at).mul(Lanes.load(gain + at)), sum);
        }
        if (c < C) {
            VectorMask<Float> tail = Lanes.tail(c, C);
            long at = (long) c * Float.BYTES;
            FloatVector hat = Lanes.load(x + at, tail).sub(mean).mul(rstd);
            sum = hat.fma(Lanes.load(dy + at, tail).mul(Lanes.load(gain + at, tail)), sum);
        }
        return Lanes.sum(sum);
    }

    /// `dx = rstd * (dy * gain - all - hat * along)`; adds `dy * hat` and `dy` to the sums.
    private static void gradients(
            long dx,
            long gainSum,
            long biasSum,
            long dy,
            long x,
            long gain,
            int C,
            float mean,
            float rstd,
            float all,
            float along) {
        FloatVector spread = Lanes.broadcast(-along);
        int c = 0;
        for (int bound = Lanes.F32.loopBound(C); c < bound; c += Lanes.LENGTH) {
            long at = (long) c * Float.BYTES;
            FloatVector upstream = Lanes.load(dy + at);
            FloatVector hat = Lanes.load(x + at).sub(mean).mul(rstd);
            Lanes.store(upstream.fma(hat, Lanes.load(gainSum + at)), gainSum + at);
            Lanes.store(upstream.add(Lanes.load(biasSum + at)), biasSum + at);
            FloatVector inner = upstream.mul(Lanes.load(gain + at)).sub(all);
            Lanes.store(hat.fma(spread, inner).mul(rstd), dx + at);
        }
        if (c < C) {
            VectorMask<Float> tail = Lanes.tail(c, C);
            long at = (long) c * Float.BYTES;
            FloatVector upstream = Lanes.load(dy + at, tail);
            FloatVector hat = Lanes.load(x + at, tail).sub(mean).mul(rstd);
            Lanes.store(upstream.fma(hat, Lanes.load(gainSum + at, tail)), gainSum + at, tail);
            Lanes.store(upstream.add(Lanes.load(biasSum + at, tail)), biasSum + at, tail);
            FloatVector inner = upstream.mul(Lanes.load(gain + at, tail)).sub(all);
            Lanes.store(hat.fma(spread, inner).mul(rstd), dx + at, tail);
        }
    }

    private void combineColumns(int part, int worker) {
        long rowBytes = (long) C * Float.BYTES;
        long offset = (long) part * COLUMNS * Float.BYTES;
        int columns = Math.min(COLUMNS, C - part * COLUMNS);
        for (int block = 0; block < blocks; block++) {
            long gainSum = sums + 2L * block * rowBytes + offset;
            Rows.add(dGain + offset, gainSum, columns);
            Rows.add(dBias + offset, gainSum + rowBytes, columns);
        }
    }
}
