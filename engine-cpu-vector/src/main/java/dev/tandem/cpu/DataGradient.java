package dev.tandem.cpu;

/// The data gradient of a layer, `dx = dy·W`, for one block of it, computed by one worker: see [Gemm]. It is the
/// forward product over transposed weights, and transposes each panel just before its tiles, unless [TokenPanels] pay.
final class DataGradient {
    /// Most rows of a block of rows, whatever the caches: each block transposes the weights, or reads them at least.
    static final int ROWS = 320;
    // Rows of a result that the processor's prefetcher can follow at once.
    private static final int FOLLOWED_ROWS = 64;
    /// Room for a transposed panel, and as much to spare.
    static final long TRANSPOSED_BYTES = 2 * Reduction.MOST_DEPTH * GemmTile.ROW_BYTES;

    private DataGradient() {}

    /// Most rows of a block where rows of the result follow each other in memory: a short reduction, such as that of
    /// a gate, is done before the next lines of all its rows are there, unless they are few.
    static int rows(int out) {
        return out <= GemmTile.WIDTH ? FOLLOWED_ROWS : ROWS;
    }

    /// Most steps of a chunk. By tokens, panels of dy come from the second-level cache for each tile anyway.
    ///
    /// @param byTokens whether by [TokenPanels]
    static int depth(boolean byTokens, int out, int rows) {
        return byTokens ? Reduction.DEPTH : Reduction.depth(out, rows);
    }

    /// Rows of dy as they are packed, with those that fill them up.
    static int packedRows(boolean byTokens, int rows) {
        return byTokens ? TokenPanels.padded(rows) : rows;
    }

    /// Packs some chunks of rows of dy.
    static void pack(boolean byTokens, long table, int rows, int out, int firstChunk, int lastChunk, long packed) {
        int depth = depth(byTokens, out, rows);
        if (!byTokens) {
            Reduction.pack(table, rows, out, depth, firstChunk, lastChunk, packed);
            return;
        }
        long chunkBytes = Reduction.chunkBytes(out, depth, packedRows(true, rows));
        for (int chunk = firstChunk; chunk < lastChunk; chunk++) {
            long offset = Reduction.first(out, depth, chunk) * (long) Float.BYTES;
            long target = packed + (chunk - firstChunk) * chunkBytes;
            TokenPanels.pack(table, rows, offset, Reduction.steps(out, depth, chunk), target);
        }
    }

    /// Scratch of [#compute].
    static long bytes(boolean byTokens, int rows, int out, int panels) {
        int depth = depth(byTokens, out, rows);
        int packed = packedRows(byTokens, rows);
        return Reduction.groupBytes(out, depth, packed) + Gemm.sumBytes(packed, out, depth, panels) + TRANSPOSED_BYTES;
    }

    /// `dx = dy·W` for some rows and the panels `firstPanel ... lastPanel - 1` of columns of dx.
    ///
    /// @param table addresses of the rows of dy
    /// @param packed as for [Gemm#forward]
    static void compute(
            boolean byTokens,
            long scratch,
            long table,
            int rows,
            boolean packed,
            PanelLayout layout,
            long weight,
            int firstPanel,
            int lastPanel,
            Output dx) {
        int out = layout.out();
        int depth = depth(byTokens, out, rows);
        int packedRows = packedRows(byTokens, rows);
        int groups = Reduction.groups(out, depth, packedRows);
        long transposed = scratch + Reduction.groupBytes(out, depth, packedRows);
        long sums = transposed + TRANSPOSED_BYTES;
        for (int group = 0; group < groups; group++) {
            int first = Reduction.firstChunk(out, depth, packedRows, group);
            int last = Reduction.firstChunk(out, depth, packedRows, group + 1);
            if (!packed || groups > 1) {
                pack(byTokens, table, rows, out, first, last, scratch);
            }
            multiplyPanels(
                    byTokens, rows, first, last, scratch, layout, weight, firstPanel, lastPanel, dx, sums, transposed);
        }
    }

    /// Some chunks of [#compute].
    ///
    /// @param packed the rows' columns of these chunks
    /// @param sums as for [Gemm#multiplyPanels], of packed rows
    /// @param transposed room of [#TRANSPOSED_BYTES]; by tokens, sums are transposed into it and finished there
    static void multiplyPanels(
            boolean byTokens,
            int rows,
            int firstChunk,
            int lastChunk,
            long packed,
            PanelLayout layout,
            long weight,
            int firstPanel,
            int lastPanel,
            Output dx,
            long sums,
            long transposed) {
        int out = layout.out();
        int most = depth(byTokens, out, rows);
        int packedRows = packedRows(byTokens, rows);
        boolean first = firstChunk == 0;
        boolean last = lastChunk == Reduction.chunks(out, most);
        for (int panel = firstPanel; panel < lastPanel; panel++) {
            int column = panel * GemmTile.WIDTH;
            int columns = Math.min(GemmTile.WIDTH, layout.in() - column);
            boolean direct = !byTokens && dx.direct() && first && last && columns == GemmTile.WIDTH;
            long kept = first && last ? 0 : (long) (panel - firstPanel) * packedRows * GemmTile.ROW_BYTES;
            long c = direct ? dx.y() + column * (long) Float.BYTES : sums + kept;
            long stride = direct ? dx.stride() : GemmTile.ROW_BYTES;
            for (int chunk = firstChunk; chunk < lastChunk; chunk++) {
                long a = packed + (chunk - firstChunk) * Reduction.chunkBytes(out, most, packedRows);
                int depth = Reduction.steps(out, most, chunk);
                boolean finishes = last && chunk + 1 == lastChunk;
                if (!byTokens) {
                    transposePanel(most, layout, weight, chunk, panel, transposed);
                }
                if (chunk + 1 < lastChunk || panel + 1 == lastPanel) {
                    readAhead(dx.ahead, most, layout, weight, panel, Math.min(chunk + 1, lastChunk - 1));
                } else {
                    readAhead(dx.ahead, most, layout, weight, panel + 1, firstChunk);
                }
                if (finishes) {
                    dx.aboutToFinish(rows, column);
                }
                if (byTokens) {
                    long piece = weight + pieceOffset(most, layout, chunk, panel);
                    TokenPanels.multiply(rows, depth, a, piece, layout.panelBytes(), columns, dx.ahead, c, chunk > 0);
                } else if (finishes && !(direct && dx.plain())) {
                    Gemm.lastTiles(rows, depth, a, transposed, dx, column, columns, c, stride, chunk > 0);
                } else {
                    Gemm.tiles(rows, depth, a, transposed, dx.ahead, c, stride, chunk > 0);
                }
            }
            if (byTokens && last) {
                TokenPanels.finish(rows, column, columns, c, dx, transposed, spare(transposed));
            }
        }
    }

    /// Where panels are finished that are no rows of dx.
    static long finished(boolean byTokens, long sums, long transposed) {
        return byTokens ? transposed : sums;
    }

    private static long spare(long transposed) {
        return transposed + Reduction.MOST_DEPTH * GemmTile.ROW_BYTES;
    }

    /// Bytes from a weight to a chunk's rows of a panel of its columns.
    private static long pieceOffset(int most, PanelLayout layout, int chunk, int panel) {
        int first = Reduction.first(layout.out(), most, chunk);
        return first / GemmTile.WIDTH * layout.panelBytes() + (long) panel * GemmTile.WIDTH * GemmTile.ROW_BYTES;
    }

    /// Reads ahead what is needed next.
    private static void readAhead(ReadAhead ahead, int most, PanelLayout layout, long weight, int panel, int chunk) {
        int column = panel * GemmTile.WIDTH;
        int pieces = Math.ceilDiv(Reduction.steps(layout.out(), most, chunk), GemmTile.WIDTH);
        long pieceBytes = Math.min(GemmTile.WIDTH, layout.in() - column) * GemmTile.ROW_BYTES;
        ahead.next(weight + pieceOffset(most, layout, chunk, panel), pieces, pieceBytes, layout.panelBytes());
    }

    /// Columns of one panel's width from the rows of a chunk of a weight, as a panel over these rows.
    private static void transposePanel(
            int most, PanelLayout layout, long weight, int chunk, int panel, long transposed) {
        int first = Reduction.first(layout.out(), most, chunk);
        int panels = Math.ceilDiv(Reduction.steps(layout.out(), most, chunk), GemmTile.WIDTH);
        long source = weight + first / GemmTile.WIDTH * layout.panelBytes();
        Packing.weights(source, panels, layout.in(), panel * GemmTile.WIDTH, transposed, spare(transposed));
    }
}
