package dev.tandem.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/// Softmax over blocks of keys for WIDTH queries, which are lanes, with running maximum and sum. Powers are of 2.
///
/// The statistics are rows of a panel: maxima, sums, and what fades the sums when a maximum grows.
final class OnlineSoftmax {
    /// Rows of the statistics.
    static final int ROWS = 3;
    /// The score of a key that a query does not see.
    static final float UNSEEN = Float.NEGATIVE_INFINITY;

    private OnlineSoftmax() {}

    /// Sets the statistics to those of no keys.
    static void begin(long statistics) {
        for (long half = 0; half < GemmTile.ROW_BYTES; half += Lanes.BYTES) {
            Lanes.store(Lanes.broadcast(UNSEEN), statistics + half);
            Lanes.store(FloatVector.zero(Lanes.F32), statistics + GemmTile.ROW_BYTES + half);
        }
    }

    /// Turns the scores of a block of keys into powers, and brings the statistics and the output up to date.
    ///
    /// @param diagonal lane i sees the keys up to `diagonal + i`
    /// @param first whether nothing was added to the output yet
    static void add(long scores, int count, int diagonal, long statistics, long output, int D, boolean first) {
        long sum = statistics + GemmTile.ROW_BYTES;
        long fading = sum + GemmTile.ROW_BYTES;
        for (int half = 0; half < 2; half++) {
            long lanes = (long) half * Lanes.BYTES;
            hideLater(scores + lanes, count, diagonal + half * Lanes.LENGTH);
        }
        maxima(scores, count, statistics, fading);
        if (!first) {
            fade(output, sum, fading, D);
        }
        powers(scores, count, statistics, sum);
    }

    /// Divides the output by the sums; what has seen nothing becomes 0.
    static void normalize(long output, long sum, int D) {
        divide(output, sum, D);
        divide(output + Lanes.BYTES, sum + Lanes.BYTES, D);
    }

    private static void hideLater(long scores, int count, int diagonal) {
        for (int j = Math.max(0, diagonal + 1); j < count; j++) {
            VectorMask<Float> unseen = Lanes.tail(0, j - diagonal);
            long at = scores + j * GemmTile.ROW_BYTES;
            Lanes.store(Lanes.load(at).blend(UNSEEN, unseen), at);
        }
    }

    /// Brings the maxima up to date; `fading` becomes the old ones less the new ones.
    private static void maxima(long scores, int count, long max, long fading) {
        FloatVector left = Lanes.load(max);
        FloatVector right = Lanes.load(max + Lanes.BYTES);
        Lanes.store(left, fading);
        Lanes.store(right, fading + Lanes.BYTES);
        for (int j = 0; j < count; j++) {
            FloatVector score = Lanes.load(scores + j * GemmTile.ROW_BYTES);
            left = left.blend(score, score.compare(VectorOperators.GT, left));
            FloatVector other = Lanes.load(scores + j * GemmTile.ROW_BYTES + Lanes.BYTES);
            right = right.blend(other, other.compare(VectorOperators.GT, right));
        }
        Lanes.store(left, max);
        Lanes.store(right, max + Lanes.BYTES);
        for (int half = 0; half < 2; half++) {
            long lanes = (long) half * Lanes.BYTES;
            Lanes.store(Lanes.load(fading + lanes).sub(shift(max + lanes)), fading + lanes);
        }
    }

    /// Where nothing is seen yet, any finite shift gives powers of 0.
    private static FloatVector shift(long max) {
        return Lanes.load(max).max(-Float.MAX_VALUE);
    }

    /// Brings sums and output of the keys before to the new maxima.
    private static void fade(long output, long sum, long fading, int D) {
        for (int half = 0; half < 2; half++) {
            long lanes = (long) half * Lanes.BYTES;
            FloatVector factor = VectorMath.exp2(Lanes.load(fading + lanes));
            Lanes.store(Lanes.load(sum + lanes).mul(factor), sum + lanes);
            for (int d = 0; d < D; d++) {
                long at = output + lanes + d * GemmTile.ROW_BYTES;
                Lanes.store(Lanes.load(at).mul(factor), at);
            }
        }
    }

    /// Turns scores into powers and adds them to the sums.
    private static void powers(long scores, int count, long max, long sum) {
        for (int half = 0; half < 2; half++) {
            long lanes = (long) half * Lanes.BYTES;
            FloatVector shift = shift(max + lanes);
            FloatVector total = Lanes.load(sum + lanes);
            for (int j = 0; j < count; j++) {
                long at = scores + j * GemmTile.ROW_BYTES + lanes;
                FloatVector power = VectorMath.exp2(Lanes.load(at).sub(shift));
                Lanes.store(power, at);
                total = total.add(power);
            }
            Lanes.store(total, sum + lanes);
        }
    }

    private static void divide(long output, long sum, int D) {
        FloatVector total = Lanes.load(sum);
        FloatVector inverse = Lanes.broadcast(1).div(total).blend(0, total.compare(VectorOperators.EQ, 0));
        for (int d = 0; d < D; d++) {
            long at = output + d * GemmTile.ROW_BYTES;
            Lanes.store(Lanes.load(at).mul(inverse), at);
        }
    }
}
