package dev.tandem.engine.kernel;

/// The rules of a [Gate].
///
/// @param K experts per token
/// @param secondPolicy how experts after the first are chosen
/// @param normalizeBeforeDropping whether weights are divided by their sum before overflow is
///     dropped (GShard) or over the kept choices only (the paper)
/// @param batchPrioritized whether queues form by falling probability of the first choice,
///     not in token order
/// @param capacity slots per expert
/// @param compact whether expert rows lie back to back (evaluation) or `S` apart (training)
public record GateOptions(
        int K,
        SecondPolicy secondPolicy,
        boolean normalizeBeforeDropping,
        boolean batchPrioritized,
        Capacity capacity,
        boolean compact) {
    /// Refuses policies that need exactly two experts per token.
    public GateOptions {
        if (K < 1) {
            throw new IllegalArgumentException("K must be at least 1, was " + K);
        }
        if (secondPolicy != SecondPolicy.ALL && K != 2) {
            throw new IllegalArgumentException(
                    "second-expert policy %s needs K = 2, was %d".formatted(secondPolicy, K));
        }
    }

    /// The paper's training gate: top-2, policy `ALL`, normalised after dropping, padded rows.
    public static GateOptions training(double capacityFactor) {
        return new GateOptions(2, SecondPolicy.ALL, false, false, new Capacity.Training(capacityFactor), false);
    }

    /// This gate for evaluation: the same choice and weights, but policy `ALL`, nothing dropped,
    /// compact rows.
    public GateOptions dropless() {
        return new GateOptions(
                K, SecondPolicy.ALL, normalizeBeforeDropping, batchPrioritized, new Capacity.Dropless(), true);
    }

    /// Rows R that hold the choices of N tokens: `E·S` padded, `K·N` compact.
    ///
    /// @throws IllegalArgumentException if they exceed an `int`
    public int rows(int N, int E) {
        long rows = compact ? (long) K * N : (long) E * capacity.slots(N, E);
        if (rows > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "%d expert rows for N=%d E=%d are too many: lower the capacity or use compact rows"
                            .formatted(rows, N, E));
        }
        return (int) rows;
    }
}
