package dev.tandem.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/// Moves one attention head between rows of a tensor and panels whose lanes are tokens.
///
/// A panel is `[D][WIDTH]`: row d holds channel d of WIDTH consecutive tokens. With tokens as lanes,
/// softmax needs no sums across lanes, and every product of attention has the shape of [GemmTile].
final class HeadTiles {
    private HeadTiles() {}

    /// Tiles that D channels are cut into, and the channels of all but the last of them.
    static int channelTiles(int D) {
        return Math.ceilDiv(D, GemmTile.ROWS);
    }

    static int channelsPerTile(int D) {
        return Math.ceilDiv(D, channelTiles(D));
    }

    /// Packs all channels of `tokens` rows as tiles `[tokens][channels of the tile]`, one after the other.
    static void channels(long table, int tokens, long offset, int D, long out) {
        int step = channelsPerTile(D);
        int last = (channelTiles(D) - 1) * step;
        VectorMask<Float> channels = Lanes.tail(0, step);
        VectorMask<Float> lastChannels = Lanes.tail(0, D - last);
        // Token by token, since their rows lie far apart in memory.
        for (int token = 0; token < tokens; token++) {
            long row = Lanes.getLong(table + (long) token * Long.BYTES) + offset;
            for (int d = 0; d < last; d += step) {
                long to = out + ((long) d * tokens + (long) token * step) * Float.BYTES;
                Lanes.store(Lanes.load(row + (long) d * Float.BYTES, channels), to, channels);
            }
            long to = out + ((long) last * tokens + (long) token * (D - last)) * Float.BYTES;
            Lanes.store(Lanes.load(row + (long) last * Float.BYTES, lastChannels), to, lastChannels);
        }
    }

    /// `panel[d] += sum over tokens of channel d * rows[token]`, for tiles from [#channels].
    ///
    /// @param first the first token of the tiles that takes part
    /// @param tokens how many were packed
    /// @param depth how many take part
    static void multiplyChannels(
            long tiles, int first, int tokens, int depth, int D, long rows, long panel, boolean accumulate) {
        int step = channelsPerTile(D);
        for (int d = 0; d < D; d += step) {
            int count = Math.min(step, D - d);
            long tile = tiles + ((long) d * tokens + (long) first * count) * Float.BYTES;
            GemmTile.TILE.multiply(
                    count, depth, tile, rows, rows, 0, panel + d * GemmTile.ROW_BYTES, GemmTile.ROW_BYTES, accumulate);
        }
    }

    /// Rows to a panel. The table has WIDTH entries.
    static void toPanel(long table, long offset, int D, long panel) {
        int vectorized = Lanes.F32.loopBound(D);
        if (vectorized > 0) {
            Transpose.TRANSPOSE.rows(table, offset, vectorized, panel, GemmTile.ROW_BYTES);
            Transpose.TRANSPOSE.rows(
                    table + (long) Lanes.LENGTH * Long.BYTES,
                    offset,
                    vectorized,
                    panel + Lanes.BYTES,
                    GemmTile.ROW_BYTES);
        }
        for (int d = vectorized; d < D; d++) {
            for (int i = 0; i < GemmTile.WIDTH; i++) {
                long row = Lanes.getLong(table + (long) i * Long.BYTES) + offset;
                float value = Lanes.get(row + (long) d * Float.BYTES);
                Lanes.set(panel + d * GemmTile.ROW_BYTES + (long) i * Float.BYTES, value);
            }
        }
    }

    /// The first `tokens` lanes of a panel to rows that lie `stride` bytes apart.
    ///
    /// @param table room for LENGTH addresses
    static void fromPanel(long panel, int D, int tokens, long out, long stride, long table) {
        int vectorized = Lanes.F32.loopBound(D);
        int whole = Lanes.F32.loopBound(tokens);
        if (whole > 0) {
            for (int d = 0; d < vectorized; d += Lanes.LENGTH) {
                Packing.strided(table, panel + d * GemmTile.ROW_BYTES, GemmTile.ROW_BYTES, Lanes.LENGTH);
                Transpose.TRANSPOSE.rows(table, 0, whole, out + (long) d * Float.BYTES, stride);
            }
        }
        for (int i = 0; i < tokens; i++) {
            for (int d = i < whole ? vectorized : 0; d < D; d++) {
                float value = Lanes.get(panel + d * GemmTile.ROW_BYTES + (long) i * Float.BYTES);
                Lanes.set(out + i * stride + (long) d * Float.BYTES, value);
            }
        }
    }

    /// The transposed of WIDTH rows of WIDTH lanes.
    static void transpose(long rows, long out, long table) {
        Packing.strided(table, rows, GemmTile.ROW_BYTES, GemmTile.WIDTH);
        toPanel(table, 0, GemmTile.WIDTH, out);
    }

    /// `panel *= factor`.
    static void scale(long panel, int D, float factor) {
        for (int d = 0; d < D; d++) {
            long at = panel + d * GemmTile.ROW_BYTES;
            Lanes.store(Lanes.load(at).mul(factor), at);
            Lanes.store(Lanes.load(at + Lanes.BYTES).mul(factor), at + Lanes.BYTES);
        }
    }

    /// Whether a panel holds numbers only.
    static boolean finite(long panel, int D) {
        FloatVector zeros = FloatVector.zero(Lanes.F32);
        for (int d = 0; d < D; d++) {
            long at = panel + d * GemmTile.ROW_BYTES;
            // x - x is 0, or NaN for NaN and infinity.
            FloatVector left = Lanes.load(at);
            FloatVector right = Lanes.load(at + Lanes.BYTES);
            zeros = zeros.add(left.sub(left)).add(right.sub(right));
        }
        return !zeros.compare(VectorOperators.NE, 0).anyTrue();
    }
}
