package dev.tandem.cpu;

/// The data gradient of a layer, `dx = dy·W`, for one block of it, computed by one worker: see [Gemm]. It is the
/// forward product over transposed weights, and transposes each panel just before its tiles.
final class DataGradient {
    /// Most rows of a block of rows, whatever the caches: each block transposes the weights.
    static final int ROWS = 320;
    // Rows of a result that the processor's prefetcher can follow at once.
    private static final int FOLLOWED_ROWS = 64;
    /// Room for a transposed panel, and as much to spare.
    static final long TRANSPOSED_BYTES = 2 * Gemm.MOST_DEPTH * GemmTile.ROW_BYTES;

    private DataGradient() {}

    /// Most rows of a block where rows of the result follow each other in memory: a short reduction, such as that of
    /// a gate, is done before the next lines of all its rows are there, unless they are few.
    static int rows(int out) {
        return out <= GemmTile.WIDTH ? FOLLOWED_ROWS : ROWS;
    }

    /// Scratch of [#compute].
    static long bytes(int rows, int out, int panels) {
        return Gemm.groupBytes(rows, out) + Gemm.sumBytes(rows, out, panels) + TRANSPOSED_BYTES;
    }

    /// `dx = dy·W` for some rows and the panels `firstPanel ... lastPanel - 1` of columns of dx.
    ///
    /// @param table addresses of the rows of dy
    /// @param packed as for [Gemm#forward]
    static void compute(
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
        long transposed = scratch + Gemm.groupBytes(rows, out);
        long sums = transposed + TRANSPOSED_BYTES;
        for (int group = 0; group < Gemm.groups(out, rows); group++) {
            int first = Gemm.firstChunk(out, rows, group);
            int last = Gemm.firstChunk(out, rows, group + 1);
            if (!packed || Gemm.groups(out, rows) > 1) {
                Gemm.pack(table, rows, out, first, last, scratch);
            }
            multiplyPanels(rows, first, last, scratch, layout, weight, firstPanel, lastPanel, dx, sums, transposed);
        }
    }

    /// Some chunks of [#compute].
    ///
    /// @param packed the rows' columns of these chunks
    /// @param sums as for [Gemm#multiplyPanels]
    /// @param transposed room of [#TRANSPOSED_BYTES]
    static void multiplyPanels(
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
        boolean first = firstChunk == 0;
        boolean last = lastChunk == Gemm.chunks(out, rows);
        for (int panel = firstPanel; panel < lastPanel; panel++) {
            int column = panel * GemmTile.WIDTH;
            int columns = Math.min(GemmTile.WIDTH, layout.in() - column);
            boolean direct = dx.direct() && first && last && columns == GemmTile.WIDTH;
            long kept = first && last ? 0 : (long) (panel - firstPanel) * rows * GemmTile.ROW_BYTES;
            long c = direct ? dx.y() + column * (long) Float.BYTES : sums + kept;
            long stride = direct ? dx.stride() : GemmTile.ROW_BYTES;
            for (int chunk = firstChunk; chunk < lastChunk; chunk++) {
                long a = packed + (chunk - firstChunk) * Gemm.chunkBytes(rows, out);
                transposePanel(rows, layout, weight, chunk, panel, transposed);
                if (chunk + 1 < lastChunk || panel + 1 == lastPanel) {
                    readAhead(dx.ahead, rows, layout, weight, panel, Math.min(chunk + 1, lastChunk - 1));
                } else {
                    readAhead(dx.ahead, rows, layout, weight, panel + 1, firstChunk);
                }
                if (last && chunk + 1 == lastChunk) {
                    dx.aboutToFinish(rows, column);
                }
                int depth = Gemm.chunk(out, rows, chunk + 1) - Gemm.chunk(out, rows, chunk);
                if (last && chunk + 1 == lastChunk && !(direct && dx.plain())) {
                    Gemm.lastTiles(rows, depth, a, transposed, dx, column, columns, c, stride, chunk > 0);
                } else {
                    Gemm.tiles(rows, depth, a, transposed, dx.ahead, c, stride, chunk > 0);
                }
            }
        }
    }

    /// Reads ahead what is transposed next.
    private static void readAhead(ReadAhead ahead, int rows, PanelLayout layout, long weight, int panel, int chunk) {
        int first = Gemm.chunk(layout.out(), rows, chunk);
        int column = panel * GemmTile.WIDTH;
        int pieces = Math.ceilDiv(Gemm.chunk(layout.out(), rows, chunk + 1) - first, GemmTile.WIDTH);
        long pieceBytes = Math.min(GemmTile.WIDTH, layout.in() - column) * GemmTile.ROW_BYTES;
        long address = weight + first / GemmTile.WIDTH * layout.panelBytes() + column * GemmTile.ROW_BYTES;
        ahead.next(address, pieces, pieceBytes, layout.panelBytes());
    }

    /// Columns of one panel's width from the rows of a chunk of a weight, as a panel over these rows.
    private static void transposePanel(
            int rows, PanelLayout layout, long weight, int chunk, int panel, long transposed) {
        int first = Gemm.chunk(layout.out(), rows, chunk);
        int panels = Math.ceilDiv(Gemm.chunk(layout.out(), rows, chunk + 1) - first, GemmTile.WIDTH);
        long source = weight + first / GemmTile.WIDTH * layout.panelBytes();
        long spare = transposed + Gemm.MOST_DEPTH * GemmTile.ROW_BYTES;
        Packing.weights(source, panels, layout.in(), panel * GemmTile.WIDTH, transposed, spare);
    }
}
