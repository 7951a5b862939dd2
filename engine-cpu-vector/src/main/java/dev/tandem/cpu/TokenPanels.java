package dev.tandem.cpu;

/// The tiles of a data gradient of few rows, with vectors over the tokens: `dxᵀ = Wᵀ·dyᵀ`.
///
/// So they take weights element by element, as they lie, where tiles with vectors over columns of dx would need them
/// transposed; in place of weights, sums are transposed, which are fewer. Each sum is the same chain of `fma`.
///
/// dy is packed as panels of WIDTH tokens, `[steps][WIDTH]` each. If the last one has at most half as many, only half
/// of it is multiplied.
final class TokenPanels {
    /// Lanes without a token, which cost as much as the others, up to which that is cheaper than transposing weights;
    /// for the few tokens of one vector it always is.
    private static final int MOST_IDLE_LANES = Lanes.LENGTH / 2;
    /// Rows up to which it is. Where tiles have but four columns, weights of more rows are as well transposed:
    /// a layer both ways takes 0.95 to 1.01 of the time by tokens with 64 rows an expert, 1.01 with 256.
    private static final int MOST_ROWS = GemmTile.WIDE ? Integer.MAX_VALUE : 32;

    private TokenPanels() {}

    /// Whether a block of a data gradient whose weights come from memory is computed so: in pieces that no processor
    /// foresees, so they have to be asked for.
    ///
    /// @param out length of the reduction; a short one has fewer weights than sums to transpose
    static boolean pay(int out, int rows) {
        int idle = Math.ceilDiv(rows, Lanes.LENGTH) * Lanes.LENGTH - rows;
        boolean busy = idle <= MOST_IDLE_LANES || rows <= Lanes.LENGTH;
        return Prefetch.AVAILABLE && rows <= Math.min(out, MOST_ROWS) && busy;
    }

    static int count(int rows) {
        return Math.ceilDiv(rows, GemmTile.WIDTH);
    }

    /// Rows including those that fill the last panel up.
    static int padded(int rows) {
        return count(rows) * GemmTile.WIDTH;
    }

    private static int tokens(int rows, int panel) {
        return Math.min(GemmTile.WIDTH, rows - panel * GemmTile.WIDTH);
    }

    /// Packs some columns of dy.
    ///
    /// @param offset bytes from the start of each row
    static void pack(long table, int rows, long offset, int steps, long out) {
        for (int t = 0; t < count(rows); t++) {
            long first = (long) t * GemmTile.WIDTH;
            long target = out + first * steps * Float.BYTES;
            Packing.tokens(table + first * Long.BYTES, tokens(rows, t), offset, steps, target);
        }
    }

    /// Multiplies some columns of one panel's width by a chunk of the reduction.
    ///
    /// @param weight the first of the columns in the first of the chunk's panels
    /// @param c sums of each panel of tokens, `[WIDTH columns][WIDTH tokens]`
    static void multiply(
            int rows,
            int depth,
            long packed,
            long weight,
            long panelBytes,
            int columns,
            ReadAhead ahead,
            long c,
            boolean accumulate) {
        // where only the last panel is half of one, all have the tiles of whole ones
        int most = rows <= Lanes.LENGTH ? GemmTile.HALF_WEIGHT_ROWS : GemmTile.WEIGHT_ROWS;
        int tiles = Math.ceilDiv(columns, most);
        int panels = Math.ceilDiv(depth, GemmTile.WIDTH);
        int parts = ahead.spreadAsking(tiles * count(rows), panels);
        for (int tile = 0; tile < tiles; tile++) {
            int first = tile * most;
            int size = Math.min(most, columns - first);
            for (int t = 0; t < count(rows); t++) {
                long target = c + ((long) t * GemmTile.WIDTH + first) * GemmTile.ROW_BYTES;
                boolean half = tokens(rows, t) <= Lanes.LENGTH;
                for (int part = 0, from = 0, to; part < parts; part++, from = to) {
                    to = Split.first(panels, parts, part + 1);
                    int steps = Math.min(depth, to * GemmTile.WIDTH) - from * GemmTile.WIDTH;
                    long a = weight + first * GemmTile.ROW_BYTES + from * panelBytes;
                    long b = packed + ((long) t * depth + (long) from * GemmTile.WIDTH) * GemmTile.ROW_BYTES;
                    boolean add = accumulate || part > 0;
                    ahead.ask();
                    if (half) {
                        GemmTile.TILE.multiplyHalfWeights(size, steps, a, panelBytes, b, target, add);
                    } else {
                        GemmTile.TILE.multiplyWeights(size, steps, a, panelBytes, b, target, add);
                    }
                }
            }
        }
    }

    /// Finishes some columns of one panel's width. Not while other tiles run, as [Gemm#lastTiles] does: measured, that
    /// takes longer.
    ///
    /// @param c as for [#multiply]
    /// @param finished room for the padded rows, [GemmTile#ROW_BYTES] each, where they are finished
    /// @param spare room for a panel
    static void finish(int rows, int column, int columns, long c, Output dx, long finished, long spare) {
        assert padded(rows) <= Reduction.MOST_DEPTH;
        for (int t = 0; t < count(rows); t++) {
            int first = t * GemmTile.WIDTH;
            long sums = c + first * GemmTile.ROW_BYTES;
            long block = finished + first * GemmTile.ROW_BYTES;
            Packing.weights(sums, 1, columns, 0, block, spare);
            dx.finish(first, tokens(rows, t), column, columns, block, GemmTile.ROW_BYTES);
        }
    }
}
