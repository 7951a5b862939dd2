package dev.tandem.cpu;

/// The three products of a layer, each for one block of the result, computed by one worker.
///
/// | product         | formula         | rows of tiles | columns of tiles | reduced over |
/// |-----------------|-----------------|---------------|------------------|--------------|
/// | forward         | `y = x·Wᵀ`      | tokens        | out              | in           |
/// | data gradient   | `dx = dy·W`     | tokens        | in               | out          |
/// | weight gradient | `dW += dyᵀ·x`   | in            | out              | tokens       |
///
/// [TokenPanels] are another way to the data gradient, with rows and columns exchanged.
///
/// Each element is one chain of `fma` over the whole reduction, which for dW begins with what it holds. So a result
/// depends neither on how rows and columns are cut into tasks, nor on the rows beside it, nor on the chunks in which a
/// reduction goes through the caches.
///
/// W and dW are in [PanelLayout]. Addresses of 0 stand for operands that are absent.
final class Gemm {
    private static final int LEAST_FORWARD_ROWS = 64;
    private static final int MOST_FORWARD_ROWS = 320;
    /// Most rows of a block of the forward product: each block reads the weights once.
    static final int FORWARD_ROWS =
            Math.clamp(Reduction.GROUP_BYTES / (Reduction.DEPTH * Float.BYTES), LEAST_FORWARD_ROWS, MOST_FORWARD_ROWS);

    private Gemm() {}

    /// Bytes of a block of packed rows.
    static long packedBytes(int rows, int depth) {
        return Workspace.aligned((long) rows * depth * Float.BYTES + Packing.SLACK);
    }

    /// Multiplies packed rows with one panel.
    static void tiles(int rows, int depth, long a, long b, ReadAhead ahead, long c, long stride, boolean accumulate) {
        int tiles = RowTiles.count(rows);
        int parts = ahead.spread(tiles, depth);
        for (int t = 0, first = 0, next; t < tiles; t++, first = next) {
            next = RowTiles.first(rows, tiles, t + 1);
            tile(t, first, next - first, depth, parts, a, b, ahead, c, stride, accumulate);
        }
    }

    /// The same for the last chunk of a reduction: each tile is finished while the next one is computed, so that
    /// nobody waits for what it writes to memory.
    ///
    /// @param column the first column of the panel
    static void lastTiles(
            int rows,
            int depth,
            long a,
            long b,
            Output y,
            int column,
            int columns,
            long c,
            long stride,
            boolean accumulate) {
        int tiles = RowTiles.count(rows);
        int parts = y.ahead.spread(tiles, depth);
        for (int t = 0, first = 0, next; t < tiles; t++, first = next) {
            next = RowTiles.first(rows, tiles, t + 1);
            int count = next - first;
            if (columns == GemmTile.WIDTH) {
                y.askForTarget(first, count, column);
            }
            tile(t, first, count, depth, parts, a, b, y.ahead, c, stride, accumulate);
            y.finish(first, count, column, columns, c + first * stride, stride);
        }
    }

    /// @param first of its rows
    /// @param count of its rows
    /// @param parts into which the steps are divided
    private static void tile(
            int t,
            int first,
            int count,
            int depth,
            int parts,
            long a,
            long b,
            ReadAhead ahead,
            long c,
            long stride,
            boolean accumulate) {
        long packed = a + (long) first * depth * Float.BYTES;
        long target = c + first * stride;
        long step = ahead.step(t);
        if (step != 0) {
            GemmTile.TILE.multiplyAndRead(count, depth, packed, b, ahead.address(t), step, target, stride, accumulate);
            return;
        }
        for (int part = 0, from = 0, to; part < parts; part++, from = to) {
            to = Split.first(depth, parts, part + 1);
            int steps = to - from;
            ahead.ask();
            long partOfA = packed + (long) from * count * Float.BYTES;
            long partOfB = b + from * GemmTile.ROW_BYTES;
            GemmTile.TILE.multiply(count, steps, partOfA, partOfB, target, stride, accumulate || part > 0);
        }
    }

    /// Where a chunk of the panels of a forward product begins: narrow ones stay together in twos.
    static int firstPanel(PanelLayout layout, int chunks, int chunk) {
        int together = layout.narrow() ? 2 : 1;
        int parts = Math.ceilDiv(layout.panels(), together);
        return Math.min(layout.panels(), Split.first(parts, chunks, chunk) * together);
    }

    /// Scratch of [#forward].
    ///
    /// @param chunks of the panels
    static long forwardBytes(int rows, PanelLayout layout, int chunks) {
        int panels = Math.ceilDiv(layout.panels(), chunks) + (layout.narrow() ? 1 : 0);
        int depth = Reduction.depth(layout, rows);
        return Reduction.groupBytes(layout.in(), depth, rows)
                + expandedBytes(layout)
                + sumBytes(rows, layout.in(), depth, panels);
    }

    /// Panels that one call of a tile computes. Where weights are narrow, several rows are worth a panel that is
    /// made F32 first, and two of these do not fit the first-level cache.
    static int panelsAtOnce(int rows, PanelLayout layout) {
        return rows <= (layout.narrow() ? 1 : GemmTile.PAIR_ROWS) ? 2 : 1;
    }

    /// Room for a chunk of a panel of narrow weights in F32.
    static long expandedBytes(PanelLayout layout) {
        return layout.narrow() ? Reduction.DEPTH_IN_CACHE * GemmTile.ROW_BYTES : 0;
    }

    /// Room for the sums of a product: of all panels if they take several groups of chunks. Apart from
    /// the result, a panel's sums are contiguous, so that the processor fetches them ahead.
    static long sumBytes(int rows, int length, int depth, int panels) {
        int most = Reduction.groups(length, depth, rows) == 1 ? 1 : panels;
        return (long) (most + 1) * rows * GemmTile.ROW_BYTES;
    }

    /// `y = x·Wᵀ`, finished, for some rows and the panels `firstPanel ... lastPanel - 1`.
    ///
    /// @param table addresses of the rows of x
    /// @param packed whether scratch is that of the last call, for the same rows and other panels
    /// @param goesOn whether this worker takes the panels after these next
    static void forward(
            long scratch,
            long table,
            int rows,
            boolean packed,
            PanelLayout layout,
            long weight,
            int firstPanel,
            int lastPanel,
            boolean goesOn,
            Output y) {
        int in = layout.in();
        int depth = Reduction.depth(layout, rows);
        int groups = Reduction.groups(in, depth, rows);
        long expanded = scratch + Reduction.groupBytes(in, depth, rows);
        long sums = expanded + expandedBytes(layout);
        for (int group = 0; group < groups; group++) {
            int first = Reduction.firstChunk(in, depth, rows, group);
            int last = Reduction.firstChunk(in, depth, rows, group + 1);
            if (!packed || groups > 1) {
                Reduction.pack(table, rows, in, depth, first, last, scratch);
            }
            boolean askOn = goesOn && groups == 1;
            multiplyPanels(rows, first, last, scratch, layout, weight, firstPanel, lastPanel, askOn, y, sums, expanded);
        }
    }

    /// Some chunks of [#forward].
    ///
    /// @param packed the rows' columns of these chunks
    /// @param askOn whether the panel after the last one is needed next
    /// @param sums room of [#sumBytes], kept from call to call; of one call if it takes all chunks
    /// @param expanded room of [#expandedBytes]
    static void multiplyPanels(
            int rows,
            int firstChunk,
            int lastChunk,
            long packed,
            PanelLayout layout,
            long weight,
            int firstPanel,
            int lastPanel,
            boolean askOn,
            Output y,
            long sums,
            long expanded) {
        int in = layout.in();
        int most = Reduction.depth(layout, rows);
        int step = panelsAtOnce(rows, layout);
        int end = askOn ? layout.panels() : lastPanel;
        boolean first = firstChunk == 0;
        boolean last = lastChunk == Reduction.chunks(in, most);
        boolean narrowRow = rows == 1 && layout.narrow();
        for (int panel = firstPanel, panels; panel < lastPanel; panel += panels) {
            panels = narrowRow ? NarrowRow.panels(layout, panel, lastPanel) : Math.min(step, lastPanel - panel);
            int column = panel * GemmTile.WIDTH;
            int columns = Math.min(panels * GemmTile.WIDTH, layout.out() - column);
            boolean direct = y.direct() && first && last && columns == panels * GemmTile.WIDTH;
            long kept = first && last ? 0 : (long) (panel - firstPanel) * rows * GemmTile.ROW_BYTES;
            long c = direct ? y.y() + column * (long) Float.BYTES : sums + kept;
            long stride = direct ? y.stride() : step * GemmTile.ROW_BYTES;
            boolean unfinished = last && !(direct && y.plain());
            if (narrowRow) {
                boolean more = panel + panels < lastPanel;
                NarrowRow.multiply(firstChunk, lastChunk, packed, layout, weight, panel, panels, more, c, expanded);
            } else if (panels == 2) {
                multiplyPair(rows, firstChunk, lastChunk, packed, layout, weight, panel, c, stride);
            } else {
                int next = Math.min(panel + 1, end - 1);
                multiplyPanel(
                        rows,
                        firstChunk,
                        lastChunk,
                        packed,
                        layout,
                        weight,
                        panel,
                        next,
                        y,
                        unfinished,
                        c,
                        stride,
                        expanded);
            }
            if (unfinished && (panels == 2 || narrowRow)) {
                y.finish(0, rows, column, columns, c, stride);
            }
        }
    }

    /// Two panels at once, which few rows read as fast as memory can.
    private static void multiplyPair(
            int rows,
            int firstChunk,
            int lastChunk,
            long packed,
            PanelLayout layout,
            long weight,
            int panel,
            long c,
            long stride) {
        int in = layout.in();
        int most = Reduction.depth(layout, rows);
        for (int chunk = firstChunk; chunk < lastChunk; chunk++) {
            long a = packed + (chunk - firstChunk) * Reduction.chunkBytes(in, most, rows);
            long b = weight + panel * layout.panelBytes() + Reduction.first(in, most, chunk) * GemmTile.ROW_BYTES;
            int depth = Reduction.steps(in, most, chunk);
            GemmTile.TILE.multiplyPair(rows, depth, a, b, layout.panelBytes(), c, stride, chunk > 0);
        }
    }

    /// One panel, which stays in a cache for all tiles, while the chunk after it is asked for.
    ///
    /// @param next the panel that comes after this one, or this one if it is the last
    /// @param unfinished whether the last chunk finishes y
    private static void multiplyPanel(
            int rows,
            int firstChunk,
            int lastChunk,
            long packed,
            PanelLayout layout,
            long weight,
            int panel,
            int next,
            Output y,
            boolean unfinished,
            long c,
            long stride,
            long expanded) {
        int in = layout.in();
        int most = Reduction.depth(layout, rows);
        int column = panel * GemmTile.WIDTH;
        int columns = Math.min(GemmTile.WIDTH, layout.out() - column);
        for (int chunk = firstChunk; chunk < lastChunk; chunk++) {
            long a = packed + (chunk - firstChunk) * Reduction.chunkBytes(in, most, rows);
            int from = Reduction.first(in, most, chunk);
            int depth = Reduction.steps(in, most, chunk);
            boolean within = chunk + 1 < lastChunk || next == panel;
            int following = within ? Math.min(chunk + 1, lastChunk - 1) : firstChunk;
            readAhead(y.ahead, most, layout, weight, within ? panel : next, following);
            if (chunk + 1 == Reduction.chunks(in, most)) {
                y.aboutToFinish(rows, column);
            }
            long b = weight + layout.panelOffset(panel) + layout.stepOffset(from);
            if (layout.narrow()) {
                NarrowTile.expand(layout, weight, panel, from, depth, expanded);
                b = expanded;
            }
            if (unfinished && chunk + 1 == lastChunk) {
                lastTiles(rows, depth, a, b, y, column, columns, c, stride, chunk > 0);
            } else {
                tiles(rows, depth, a, b, y.ahead, c, stride, chunk > 0);
            }
        }
    }

    private static void readAhead(ReadAhead ahead, int most, PanelLayout layout, long weight, int panel, int chunk) {
        long first = layout.stepOffset(Reduction.first(layout.in(), most, chunk));
        long bytes = layout.stepOffset(Reduction.first(layout.in(), most, chunk + 1)) - first;
        ahead.next(weight + layout.panelOffset(panel) + first, 1, bytes, 0);
    }
}
