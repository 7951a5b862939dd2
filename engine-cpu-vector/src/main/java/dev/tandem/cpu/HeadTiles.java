package dev.tandem.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// Moves one attention head between rows of a tensor and panels whose lanes are tokens.
///
/// A panel is `[D][WIDTH]`: row d holds channel d of WIDTH consecutive tokens. With tokens as lanes,
/// softmax needs no sums across lanes, and every product of attention has the shape of [GemmTile].
final class HeadTiles {
    /// Most rows of a tile that begins with sums. Those of eight take no less time, but pass C2's limit of nodes:
    /// in some processes within a load, a call of which stayed in the loop, and attention took twice as long.
    private static final int MOST_ADDING_ROWS = 4;

    private HeadTiles() {}

    /// Copies a head of equidistant rows as panels `[tokens][WIDTH]` of its channels, one after the other.
    static void channels(long rows, long stride, int tokens, int D, long out) {
        int panels = D / GemmTile.WIDTH;
        Packing.panels(rows, stride, tokens, panels, out);
        int rest = D % GemmTile.WIDTH;
        if (rest > 0) {
            long done = panels * GemmTile.ROW_BYTES;
            Packing.panel(rows + done, stride, tokens, rest, out + done * tokens);
        }
    }

    static long channelBytes(int tokens, int D) {
        return (long) Math.ceilDiv(D, GemmTile.WIDTH) * tokens * GemmTile.ROW_BYTES;
    }

    /// `panel[d] += sum over tokens of channel d * rows[token]`, for panels from [#channels].
    ///
    /// @param first the first token of the panels that takes part
    /// @param tokens how many were copied
    /// @param depth how many take part
    static void multiplyChannels(
            long channels, int first, int tokens, int depth, int D, long rows, long panel, boolean accumulate) {
        for (int d = 0; d < D; d += GemmTile.WIDTH) {
            long columns = channels + (long) d * tokens * Float.BYTES + first * GemmTile.ROW_BYTES;
            int count = Math.min(GemmTile.WIDTH, D - d);
            multiply(count, depth, columns, rows, panel + d * GemmTile.ROW_BYTES, accumulate);
        }
    }

    /// `out[token] = sum over channels of token * panel[channel]`, for panels from [#toPanels].
    ///
    /// @param first the first token, a multiple of WIDTH
    /// @param tokens how many take part
    static void multiplyTokens(long panels, int first, int tokens, int D, long panel, long out) {
        for (int i = 0; i < tokens; i += GemmTile.WIDTH) {
            long columns = panels + (first + i) * (long) D * Float.BYTES;
            multiply(Math.min(GemmTile.WIDTH, tokens - i), D, columns, panel, out + i * GemmTile.ROW_BYTES, false);
        }
    }

    /// `c[i] += sum over depth of column i of a * rows of b`: all are panels.
    static void multiply(int columns, int depth, long a, long b, long c, boolean accumulate) {
        int most = accumulate ? MOST_ADDING_ROWS : GemmTile.ROWS;
        int step = Math.ceilDiv(columns, Math.ceilDiv(columns, most));
        for (int i = 0; i < columns; i += step) {
            int count = Math.min(step, columns - i);
            long rows = c + i * GemmTile.ROW_BYTES;
            GemmTile.TILE.multiplyPanels(count, depth, a + (long) i * Float.BYTES, b, rows, accumulate);
        }
    }

    /// Equidistant rows to a panel; lanes past `count` repeat the last of them.
    ///
    /// @param table room for WIDTH addresses
    static void toPanel(long rows, long stride, int count, int D, long panel, long table) {
        for (int i = 0; i < GemmTile.WIDTH; i++) {
            Lanes.setLong(table + (long) i * Long.BYTES, rows + Math.min(i, count - 1) * stride);
        }
        Packing.tokens(table, GemmTile.WIDTH, 0, D, panel);
    }

    /// The same for any number of rows: panels one after the other.
    static void toPanels(long rows, long stride, int count, int D, long panels, long table) {
        for (int i = 0; i < count; i += GemmTile.WIDTH) {
            long panel = panels + i * (long) D * Float.BYTES;
            toPanel(rows + i * stride, stride, Math.min(GemmTile.WIDTH, count - i), D, panel, table);
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
