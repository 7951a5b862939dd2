package dev.tandem.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/// What attention's backward does with a block of scores, `[queries][WIDTH]` with keys as lanes.
final class HeadScores {
    private HeadScores() {}

    /// Turns scores into the probabilities of the forward.
    ///
    /// @param seen keys that the first query sees; each further query sees one more
    static void probabilities(long scores, long bias, long logSums, int queries, int seen) {
        // The queries that do not see the whole panel
        int cut = Math.clamp(GemmTile.WIDTH - (long) seen, 0, queries);
        for (int half = 0; half < 2; half++) {
            long lanes = (long) half * Lanes.BYTES;
            powers(scores + lanes, bias + lanes, logSums, queries);
            hideLater(scores + lanes, cut, seen - half * Lanes.LENGTH);
        }
    }

    private static void powers(long scores, long bias, long logSums, int queries) {
        FloatVector hidden = Lanes.load(bias);
        for (int i = 0; i < queries; i++) {
            long at = scores + i * GemmTile.ROW_BYTES;
            FloatVector shift = Lanes.broadcast(Lanes.get(logSums + (long) i * Float.BYTES));
            Lanes.store(VectorMath.exp2(Lanes.load(at).sub(shift).add(hidden)), at);
        }
    }

    /// Zeros for the keys that a query does not see, whatever their power.
    private static void hideLater(long scores, int queries, int seen) {
        for (int i = 0; i < queries; i++) {
            long at = scores + i * GemmTile.ROW_BYTES;
            Lanes.store(FloatVector.zero(Lanes.F32).blend(Lanes.load(at), Lanes.tail(0, seen + i)), at);
        }
    }

    /// `ds = p * (ds - delta)`.
    static void gradients(long ds, long p, long deltas, int queries) {
        for (int i = 0; i < queries; i++) {
            FloatVector delta = Lanes.broadcast(Lanes.get(deltas + (long) i * Float.BYTES));
            long left = i * GemmTile.ROW_BYTES;
            long right = left + Lanes.BYTES;
            Lanes.store(Lanes.load(ds + left).sub(delta).mul(Lanes.load(p + left)), ds + left);
            Lanes.store(Lanes.load(ds + right).sub(delta).mul(Lanes.load(p + right)), ds + right);
        }
    }

    /// As [#gradients] for one query, and drops from `p` what the forward dropped.
    static void drop(long p, long ds, long words, float delta, float dropout) {
        float scale = CpuDropout.scale(dropout);
        int threshold = CpuDropout.threshold(dropout);
        for (int half = 0; half < 2; half++) {
            long lanes = (long) half * Lanes.BYTES;
            VectorMask<Float> dropped = Lanes.loadInts(words + lanes)
                    .lanewise(VectorOperators.LSHR, CpuDropout.UNUSED_BITS)
                    .compare(VectorOperators.LT, threshold)
                    .cast(Lanes.F32);
            FloatVector whole = Lanes.load(p + lanes);
            FloatVector upstream = Lanes.load(ds + lanes).mul(scale).blend(0, dropped);
            Lanes.store(upstream.sub(delta).mul(whole), ds + lanes);
            Lanes.store(whole.mul(scale).blend(0, dropped), p + lanes);
        }
    }
}
