package dev.tandem.cpu;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.CrossEntropy;

/// Fused log-softmax and loss; each row is read in chunks that stay in the first-level cache.
final class CpuCrossEntropy implements CrossEntropy {
    private static final int CHUNK = 4096;
    private static final int UNSCORED = -1;
    // Above it the rounding of the saved value would show in e^(logit - logSumExp).
    private static final float EXACT = 32;

    private final Workers workers;
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

    CpuCrossEntropy(Workers workers) {
        this.workers = workers;
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
        int last = Math.min(N, (block + 1) * rows);
        for (int n = block * rows; n < last; n++) {
            long row = logits + (long) n * V * Float.BYTES;
            float max = Rows.max(row, Math.min(V, CHUNK));
            double sum = 0;
            for (int v = 0; v < V; v += CHUNK) {
                int length = Math.min(CHUNK, V - v);
                long chunk = row + (long) v * Float.BYTES;
                float larger = v == 0 ? max : Math.max(max, Rows.max(chunk, length));
                if (larger != Float.NEGATIVE_INFINITY) {
                    sum = sum * StrictMath.exp((double) max - larger) + Rows.sumOfExponentials(chunk, larger, length);
                    max = larger;
                }
            }
            double log = StrictMath.log(sum);
            Lanes.set(logSumExp + (long) n * Float.BYTES, (float) (max + log));
            int target = target(n);
            // The difference first: both may be large and nearly equal.
            float value = target == UNSCORED
                    ? 0
                    : (float) (log + ((double) max - Lanes.get(row + (long) target * Float.BYTES)));
            Lanes.set(loss + (long) n * Float.BYTES, value);
        }
    }

    private void backwardRows(int block, int worker) {
        int last = Math.min(N, (block + 1) * rows);
        for (int n = block * rows; n < last; n++) {
            long offset = (long) n * V * Float.BYTES;
            int target = target(n);
            if (target == UNSCORED) {
                Lanes.fill(dLogits + offset, (long) V * Float.BYTES, (byte) 0);
                continue;
            }
            probabilities(dLogits + offset, logits + offset, Lanes.get(logSumExp + (long) n * Float.BYTES));
            long chosen = dLogits + offset + (long) target * Float.BYTES;
            Lanes.set(chosen, Lanes.get(chosen) - scale);
        }
    }

    private void probabilities(long y, long x, float logSum) {
        if (Math.abs(logSum) < EXACT) {
            Rows.scaledExponentials(y, x, logSum, scale, V);
            return;
        }
        float max = Rows.max(x, V);
        double sum = 0;
        for (int v = 0; v < V; v += CHUNK) {
            sum += Rows.sumOfExponentials(x + (long) v * Float.BYTES, max, Math.min(CHUNK, V - v));
        }
        Rows.scaledExponentials(y, x, max, (float) (scale / sum), V);
    }
}
