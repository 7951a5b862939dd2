package dev.tandem.cpu;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.CrossEntropy;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// Fused log-softmax and loss; each row is read once, in chunks.
final class CpuCrossEntropy implements CrossEntropy {
    /// Logits at a time: as many lines as the processor waits for at once.
    private static final int CHUNK = 512;
    /// Bytes from the logits that are read to those that are asked for.
    private static final int AHEAD = 1 << 12;
    private static final int UNSCORED = -1;
    // Above it the rounding of the saved value would show in e^(logit - logSumExp).
    private static final float EXACT = 32;
    // How far a logit may lie above what is subtracted from all of them: e^16 times a chunk is far from the end of
    // F32. So logits are read once, not first for their maximum.
    private static final float MOST_ABOVE = 16;

    private final Workers workers;
    private final HeldMemory held;
    private final Workers.Task forward = this::forwardRows;
    private final Workers.Task backward = this::backwardRows;

    private int N;
    private int V;
    private int rows;
    private float scale;
    private long loss;
    private long logSumExp;
    private long logits;
    private long targets;
    private long dLogits;

    CpuCrossEntropy(Workers workers, HeldMemory held) {
        this.workers = workers;
        this.held = held;
    }

    @Override
    public void forward(Tensor total, Tensor loss, Tensor logSumExp, Tensor logits, Tensor targets) {
        operands(logSumExp, logits, targets);
        this.loss = CpuStorage.address(loss);
        workers.run(Math.ceilDiv(N, rows), forward);
        double sum = 0;
        for (int n = 0; n < N; n++) {
            sum += Lanes.get(this.loss + (long) n * Float.BYTES);
        }
        Lanes.set(CpuStorage.address(total), (float) sum);
    }

    @Override
    public void backward(Tensor dLogits, Tensor logSumExp, Tensor logits, Tensor targets, float scale) {
        operands(logSumExp, logits, targets);
        this.dLogits = CpuStorage.address(dLogits);
        this.scale = scale;
        workers.run(Math.ceilDiv(N, rows), backward);
    }

    private void operands(Tensor logSumExp, Tensor logits, Tensor targets) {
        N = (int) logits.shape().rows();
        V = logits.shape().last();
        rows = Blocks.rows(V);
        this.logSumExp = CpuStorage.address(logSumExp);
        this.logits = CpuStorage.address(logits);
        this.targets = CpuStorage.address(targets);
        for (int n = 0; n < N; n++) {
            int target = target(n);
            if (target < UNSCORED || target >= V) {
                throw new IllegalArgumentException(
                        "CrossEntropy: targets[%d] must be in 0..%d, or -1 for a token that is not scored, was %d"
                                .formatted(n, V - 1, target));
            }
        }
    }

    private int target(int n) {
        return Lanes.getInt(targets + (long) n * Integer.BYTES);
    }

    private void forwardRows(int block, int worker) {
        long largest = workers.workspace(worker).address(Float.BYTES);
        int last = Math.min(N, (block + 1) * rows);
        for (int n = block * rows; n < last; n++) {
            long row = logits + (long) n * V * Float.BYTES;
            float shift = Float.NEGATIVE_INFINITY;
            double sum = 0;
            for (int v = 0; v < V; v += CHUNK) {
                int length = Math.min(CHUNK, V - v);
                long chunk = row + (long) v * Float.BYTES;
                if (shift == Float.NEGATIVE_INFINITY) {
                    shift = Rows.max(chunk, length);
                    if (shift == Float.NEGATIVE_INFINITY) {
                        continue;
                    }
                }
                if (!held.cached()) {
                    Prefetch.lines(chunk + AHEAD, length * (long) Float.BYTES);
                }
                float powers = powers(chunk, shift, length, largest);
                float max = Lanes.get(largest);
                if (max - shift > MOST_ABOVE) {
                    sum *= StrictMath.exp((double) shift - max);
                    shift = max;
                    powers = powers(chunk, shift, length, largest);
                }
                sum += powers;
            }
            double log = StrictMath.log(sum);
            Lanes.set(logSumExp + (long) n * Float.BYTES, (float) (shift + log));
            int target = target(n);
            // The difference first: both may be large and nearly equal.
            float value = target == UNSCORED
                    ? 0
                    : (float) (log + ((double) shift - Lanes.get(row + (long) target * Float.BYTES)));
            Lanes.set(loss + (long) n * Float.BYTES, value);
        }
    }

    /// Sum of `e^(x - shift)`; writes the largest element, of those that are numbers, to `largest`.
    private static float powers(long x, float shift, int length, long largest) {
        int whole = Lanes.F32.loopBound(length);
        float sum = wholePowers(x, shift, whole, largest);
        if (whole < length) {
            long rest = x + (long) whole * Float.BYTES;
            sum += Rows.sumOfExponentials(rest, shift, length - whole);
            Lanes.set(largest, Math.max(Lanes.get(largest), Rows.max(rest, length - whole)));
        }
        return sum;
    }

    private static float wholePowers(long x, float shift, int length, long largest) {
        FloatVector shifts = Lanes.broadcast(shift);
        FloatVector max = Lanes.broadcast(Float.NEGATIVE_INFINITY);
        FloatVector sum = FloatVector.zero(Lanes.F32);
        for (int i = 0; i < length; i += Lanes.LENGTH) {
            FloatVector logit = Lanes.load(x + (long) i * Float.BYTES);
            max = max.blend(logit, logit.compare(VectorOperators.GT, max));
            sum = sum.add(VectorMath.exp(logit.sub(shifts)));
        }
        Lanes.set(largest, Lanes.max(max));
        return Lanes.sum(sum);
    }

    private void backwardRows(int block, int worker) {
        int last = Math.min(N, (block + 1) * rows);
        for (int n = block * rows; n < last; n++) {
            long offset = (long) n * V * Float.BYTES;
            int target = target(n);
            if (target == UNSCORED) {
                Lanes.clear(dLogits + offset, (long) V * Float.BYTES);
                continue;
            }
            probabilities(dLogits + offset, logits + offset, Lanes.get(logSumExp + (long) n * Float.BYTES));
            long chosen = dLogits + offset + (long) target * Float.BYTES;
            Lanes.set(chosen, Lanes.get(chosen) - scale);
        }
    }

    private void probabilities(long y, long x, float logSum) {
        if (Math.abs(logSum) < EXACT) {
            gradients(y, x, logSum, scale, V);
            return;
        }
        float max = Rows.max(x, V);
        double sum = 0;
        for (int v = 0; v < V; v += CHUNK) {
            sum += Rows.sumOfExponentials(x + (long) v * Float.BYTES, max, Math.min(CHUNK, V - v));
        }
        gradients(y, x, max, (float) (scale / sum), V);
    }

    /// `y = scale * e^(x - shift)`.
    private static void gradients(long y, long x, float shift, float scale, int length) {
        int whole = Lanes.F32.loopBound(length);
        wholeGradients(y, x, shift, scale, whole);
        if (whole < length) {
            long rest = (long) whole * Float.BYTES;
            Rows.scaledExponentials(y + rest, x + rest, shift, scale, length - whole);
        }
    }

    private static void wholeGradients(long y, long x, float shift, float scale, int length) {
        FloatVector shifts = Lanes.broadcast(shift);
        FloatVector scales = Lanes.broadcast(scale);
        for (int i = 0; i < length; i += Lanes.LENGTH) {
            long at = (long) i * Float.BYTES;
            Lanes.store(VectorMath.exp(Lanes.load(x + at).sub(shifts)).mul(scales), y + at);
        }
    }
}
