package dev.tandem.gpt;

/// What one MoE block's gate did in an update or an evaluation.
///
/// Names keep the meaning of the public code's metrics.
public final class GateReport {
    private final int block;
    private final double balanceLoss;
    private final double entropy;
    private final long[][] queued;
    private final long[][] dropped;

    /// @param queued by rank of the choice, then by expert
    GateReport(int block, double balanceLoss, double entropy, long[][] queued, long[][] dropped) {
        this.block = block;
        this.balanceLoss = balanceLoss;
        this.entropy = entropy;
        this.queued = queued;
        this.dropped = dropped;
    }

    /// Number of the block in the model, from 0.
    public int block() {
        return block;
    }

    /// From 1 (uniform) to E.
    public double balanceLoss() {
        return balanceLoss;
    }

    /// Mean entropy of the gate's probabilities, nats; ln E is uniform.
    public double entropy() {
        return entropy;
    }

    /// Experts.
    public int E() {
        return queued[0].length;
    }

    /// Choices per token.
    public int K() {
        return queued.length;
    }

    /// Choices of rank `k`, from 0, that queued at expert `e`, before dropping.
    public long queued(int k, int e) {
        return queued[k][e];
    }

    /// Those of them that found no slot.
    public long dropped(int k, int e) {
        return dropped[k][e];
    }

    /// Rows that expert `e` computed.
    public long served(int e) {
        long rows = 0;
        for (int k = 0; k < K(); k++) {
            rows += queued[k][e] - dropped[k][e];
        }
        return rows;
    }

    /// Percentage of the queued choices of rank `k` that found no slot.
    public double overflow(int k) {
        long all = sum(queued[k]);
        return all == 0 ? 0 : 100.0 * sum(dropped[k]) / all;
    }

    /// Choices of every rank that found no slot.
    public long dropped() {
        long all = 0;
        for (long[] row : dropped) {
            all += sum(row);
        }
        return all;
    }

    /// Experts that no choice of rank `k` went to.
    public int unused(int k) {
        int count = 0;
        for (long choices : queued[k]) {
            count += choices == 0 ? 1 : 0;
        }
        return count;
    }

    /// Percentage of the choices of rank `k` at the most used fifth of the experts.
    public double balanceTop(int k) {
        return balance(k, true);
    }

    /// Percentage of the choices of rank `k` at the least used fifth of the experts.
    public double balanceBottom(int k) {
        return balance(k, false);
    }

    private double balance(int k, boolean top) {
        long[] sorted = queued[k].clone();
        java.util.Arrays.sort(sorted);
        int fifth = Math.max(Math.ceilDiv(E(), 5), 1);
        long part = 0;
        for (int i = 0; i < fifth; i++) {
            part += top ? sorted[sorted.length - 1 - i] : sorted[i];
        }
        long all = sum(sorted);
        return all == 0 ? 0 : 100.0 * part / all;
    }

    private static long sum(long[] values) {
        long total = 0;
        for (long value : values) {
            total += value;
        }
        return total;
    }
}
