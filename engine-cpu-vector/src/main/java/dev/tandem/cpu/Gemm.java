package dev.tandem.cpu;

import dev.tandem.engine.kernel.GeluForm;
import java.util.Optional;

/// The three products of a layer, each for one block of the result, computed by one worker.
///
/// | product         | formula         | rows of tiles | columns of tiles | reduced over |
/// |-----------------|-----------------|---------------|------------------|--------------|
/// | forward         | `y = x·Wᵀ`      | tokens        | out              | in           |
/// | data gradient   | `dx = dy·W`     | tokens        | in               | out          |
/// | weight gradient | `dW += dyᵀ·x`   | in            | out              | tokens       |
///
/// Reductions are cut into chunks that depend on their length only, and each element is one chain
/// of `fma` per chunk. So a result does not depend on how rows and columns are cut into tasks,
/// nor on the rows beside it.
///
/// W and dW are in [PanelLayout]. Addresses of 0 stand for operands that are absent.
final class Gemm {
    private static final int LEAST_FORWARD_ROWS = 64;
    private static final int MOST_FORWARD_ROWS = 256;
    /// Longest chunk of a reduction over columns; a tile's operands then stay in the first-level cache.
    static final int DEPTH = 768;
    /// Most rows of a block of the forward product: packed with DEPTH, they fill three eighths of the
    /// second-level cache. Each block reads the weights once.
    static final int FORWARD_ROWS = Math.clamp(
            Processor.secondLevelCache() * 3 / 8 / (DEPTH * Float.BYTES), LEAST_FORWARD_ROWS, MOST_FORWARD_ROWS);
    /// Most rows of a block of the data gradient: more, because each block transposes the weights.
    static final int GRADIENT_ROWS = 256;
    /// Longest chunk of a reduction over tokens, and columns of `in` in a block of the weight gradient.
    static final int TOKENS = 512;
    static final int COLUMNS = 256;
    private static final long CACHE_LINE = 64;
    // Panels of dy packed in one pass over its rows.
    private static final int GROUP = 4;

    private Gemm() {}

    /// Chunks of a reduction over columns.
    static int chunks(int length) {
        return Split.parts(length, DEPTH);
    }

    /// Where a chunk begins: on a panel boundary, since the data gradient reads panels along its
    /// reduction.
    static int chunk(int length, int chunk) {
        int panels = Math.ceilDiv(length, GemmTile.WIDTH);
        return Math.min(length, Split.first(panels, chunks(length), chunk) * GemmTile.WIDTH);
    }

    /// Steps of the longest chunk, rounded up to panels.
    static int longestChunk(int length) {
        return Math.ceilDiv(Math.ceilDiv(length, GemmTile.WIDTH), chunks(length)) * GemmTile.WIDTH;
    }

    /// Multiplies packed rows with one panel.
    static void tiles(int rows, int depth, long a, long b, long c, long stride, boolean accumulate) {
        tiles(rows, depth, a, b, b, 0, c, stride, accumulate);
    }

    /// As above, and reads `aheadBytes` that are needed next: without that, the first tile of each panel would
    /// wait for it. Evenly, since memory is slow.
    private static void tiles(
            int rows, int depth, long a, long b, long ahead, long aheadBytes, long c, long stride, boolean accumulate) {
        int tiles = Split.parts(rows, GemmTile.ROWS);
        long step = Math.clamp((aheadBytes - Long.BYTES) / ((long) tiles * depth), 0, CACHE_LINE);
        for (int t = 0; t < tiles; t++) {
            int first = Split.first(rows, tiles, t);
            int count = Split.first(rows, tiles, t + 1) - first;
            long packed = a + (long) first * depth * Float.BYTES;
            long next = ahead + (long) t * depth * step;
            GemmTile.TILE.multiply(count, depth, packed, b, next, step, c + first * stride, stride, accumulate);
        }
    }

    /// Bytes of a block of packed rows.
    static long packedBytes(int rows, int depth) {
        return Workspace.aligned((long) rows * depth * Float.BYTES + Packing.SLACK);
    }

    /// Scratch of [#forward].
    static long forwardBytes(int rows, int in) {
        return packedBytes(rows, longestChunk(in)) + 2L * rows * GemmTile.ROW_BYTES;
    }

    /// `y = x·Wᵀ`, finished, for some rows and the panels `firstPanel ... lastPanel - 1`.
    ///
    /// @param table addresses of the rows of x
    static void forward(
            long scratch,
            long table,
            int rows,
            PanelLayout layout,
            long weight,
            int firstPanel,
            int lastPanel,
            Output y) {
        int in = layout.in();
        long edge = scratch + packedBytes(rows, longestChunk(in));
        int chunks = chunks(in);
        for (int chunk = 0; chunk < chunks; chunk++) {
            int first = chunk(in, chunk);
            int depth = chunk(in, chunk + 1) - first;
            Packing.rows(table, rows, first * (long) Float.BYTES, depth, scratch);
            multiplyPanels(
                    rows,
                    depth,
                    scratch,
                    layout,
                    weight + first * GemmTile.ROW_BYTES,
                    firstPanel,
                    lastPanel,
                    y,
                    edge,
                    chunk > 0,
                    chunk == chunks - 1);
        }
    }

    /// One chunk of [#forward].
    ///
    /// @param packed the rows' columns of this chunk
    /// @param weight the matrix from the chunk's first row of panel 0 on
    /// @param edge two panels' width of these rows, kept from chunk to chunk
    static void multiplyPanels(
            int rows,
            int depth,
            long packed,
            PanelLayout layout,
            long weight,
            int firstPanel,
            int lastPanel,
            Output y,
            long edge,
            boolean accumulate,
            boolean finish) {
        int step = rows <= GemmTile.PAIR_ROWS ? 2 : 1;
        for (int panel = firstPanel; panel < lastPanel; panel += step) {
            int panels = Math.min(step, lastPanel - panel);
            int column = panel * GemmTile.WIDTH;
            int columns = Math.min(panels * GemmTile.WIDTH, layout.out() - column);
            boolean whole = columns == panels * GemmTile.WIDTH;
            long c = whole ? y.y() + column * (long) Float.BYTES : edge;
            long cStride = whole ? y.stride() : 2 * GemmTile.ROW_BYTES;
            long b = weight + panel * layout.panelBytes();
            if (panels == 2) {
                GemmTile.TILE.multiplyPair(rows, depth, packed, b, layout.panelBytes(), c, cStride, accumulate);
            } else {
                long next = panel + 1 < lastPanel ? b + layout.panelBytes() : b;
                tiles(rows, depth, packed, b, next, depth * GemmTile.ROW_BYTES, c, cStride, accumulate);
            }
            if (finish && !(whole && y.plain())) {
                y.finish(rows, column, columns, c, cStride);
            }
        }
    }

    /// Scratch of [#dataGradient].
    static long dataGradientBytes(int rows, int out) {
        return packedBytes(rows, longestChunk(out)) + rows * GemmTile.ROW_BYTES + transposedBytes(out);
    }

    /// Room for two transposed panels of a chunk.
    static long transposedBytes(int out) {
        return 2L * longestChunk(out) * GemmTile.ROW_BYTES;
    }

    /// `dx = dy·W` for some rows and the panels `firstPanel ... lastPanel - 1` of columns of dx.
    ///
    /// @param table addresses of the rows of dy
    static void dataGradient(
            long scratch,
            long table,
            int rows,
            PanelLayout layout,
            long weight,
            int firstPanel,
            int lastPanel,
            Output dx) {
        int out = layout.out();
        long edge = scratch + packedBytes(rows, longestChunk(out));
        long transposed = edge + rows * GemmTile.ROW_BYTES;
        int chunks = chunks(out);
        for (int chunk = 0; chunk < chunks; chunk++) {
            int first = chunk(out, chunk);
            int depth = chunk(out, chunk + 1) - first;
            Packing.rows(table, rows, first * (long) Float.BYTES, depth, scratch);
            multiplyTransposed(
                    rows,
                    depth,
                    scratch,
                    layout,
                    weight,
                    first,
                    firstPanel,
                    lastPanel,
                    dx,
                    edge,
                    transposed,
                    chunk > 0,
                    chunk == chunks - 1);
        }
    }

    /// One chunk of [#dataGradient], `first ... first + depth - 1` of `out`.
    ///
    /// @param edge one panel's width of these rows, kept from chunk to chunk
    /// @param transposed room for two panels of a chunk
    static void multiplyTransposed(
            int rows,
            int depth,
            long packed,
            PanelLayout layout,
            long weight,
            int first,
            int firstPanel,
            int lastPanel,
            Output dx,
            long edge,
            long transposed,
            boolean accumulate,
            boolean finish) {
        int panels = Math.ceilDiv(depth, GemmTile.WIDTH);
        for (int panel = firstPanel; panel < lastPanel; panel++) {
            transposePanel(layout, weight, first, panels, panel, transposed);
            int column = panel * GemmTile.WIDTH;
            int columns = Math.min(GemmTile.WIDTH, layout.in() - column);
            boolean whole = columns == GemmTile.WIDTH;
            long c = whole ? dx.y() + column * (long) Float.BYTES : edge;
            long cStride = whole ? dx.stride() : GemmTile.ROW_BYTES;
            tiles(rows, depth, packed, transposed, c, cStride, accumulate);
            if (finish && !whole) {
                dx.finish(rows, column, columns, c, cStride);
            }
        }
    }

    /// Columns of one panel's width from the rows `first ...` of a weight, as a panel over these rows.
    ///
    /// @param transposed twice the panel's size: the second half is spare
    static void transposePanel(PanelLayout layout, long weight, int first, int panels, int panel, long transposed) {
        long source = weight + first / GemmTile.WIDTH * layout.panelBytes();
        long block = (long) panels * GemmTile.WIDTH * GemmTile.ROW_BYTES;
        Packing.weights(source, panels, layout.in(), panel * GemmTile.WIDTH, transposed, transposed + block);
    }

    /// Scratch of [#weightGradient].
    static long weightGradientBytes(int rows, int columns) {
        int depth = Math.min(rows, TOKENS);
        return packedBytes(columns, depth) + (long) GROUP * depth * GemmTile.ROW_BYTES;
    }

    /// `dW += dyᵀ·x` and `dBias += sum of dy` for the panels `firstPanel ... lastPanel - 1` and the
    /// columns `firstColumn ... lastColumn - 1`, over all rows.
    ///
    /// @param table addresses of the rows of x
    /// @param form if present, its function of x stands for x
    static void weightGradient(
            long scratch,
            long table,
            int rows,
            PanelLayout layout,
            long dW,
            long dBias,
            int firstPanel,
            int lastPanel,
            int firstColumn,
            int lastColumn,
            long dy,
            long dyStride,
            Optional<GeluForm> form) {
        int columns = lastColumn - firstColumn;
        long panelsOfDy = scratch + packedBytes(columns, Math.min(rows, TOKENS));
        int chunks = Split.parts(rows, TOKENS);
        for (int chunk = 0; chunk < chunks; chunk++) {
            int first = Split.first(rows, chunks, chunk);
            int depth = Split.first(rows, chunks, chunk + 1) - first;
            packColumns(table + first * (long) Long.BYTES, depth, firstColumn, columns, scratch, form);
            long target = dW + firstColumn * GemmTile.ROW_BYTES;
            for (int panel = firstPanel; panel < lastPanel; panel += GROUP) {
                int last = Math.min(lastPanel, panel + GROUP);
                packDy(dy + first * dyStride, dyStride, depth, layout.out(), panel, last, dBias, panelsOfDy);
                for (int p = panel; p < last; p++) {
                    long b = panelsOfDy + (long) (p - panel) * depth * GemmTile.ROW_BYTES;
                    long c = target + p * layout.panelBytes();
                    long next = p + 1 < lastPanel ? c + layout.panelBytes() : c;
                    long bytes = columns * GemmTile.ROW_BYTES;
                    tiles(columns, depth, scratch, b, next, bytes, c, GemmTile.ROW_BYTES, true);
                }
            }
        }
    }

    private static void packColumns(
            long table, int depth, int firstColumn, int columns, long out, Optional<GeluForm> form) {
        int tiles = Split.parts(columns, GemmTile.ROWS);
        for (int t = 0; t < tiles; t++) {
            int first = Split.first(columns, tiles, t);
            int count = Split.first(columns, tiles, t + 1) - first;
            long offset = (firstColumn + first) * (long) Float.BYTES;
            Packing.columns(table, depth, offset, count, out + (long) first * depth * Float.BYTES);
        }
        if (form.isPresent()) {
            CpuGelu.apply(out, out, columns * depth, form.get());
        }
    }

    private static void packDy(
            long dy, long stride, int depth, int out, int firstPanel, int lastPanel, long dBias, long target) {
        for (int panel = firstPanel; panel < lastPanel; panel++) {
            long at = panel * GemmTile.ROW_BYTES;
            int columns = Math.min(GemmTile.WIDTH, out - panel * GemmTile.WIDTH);
            long packed = target + (long) (panel - firstPanel) * depth * GemmTile.ROW_BYTES;
            Packing.panel(dy + at, stride, depth, columns, packed);
            if (dBias != 0) {
                Packing.addColumnSums(packed, depth, columns, dBias + at);
            }
        }
    }
}
