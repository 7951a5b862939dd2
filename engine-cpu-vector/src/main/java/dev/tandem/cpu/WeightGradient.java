package dev.tandem.cpu;

import dev.tandem.engine.kernel.GeluForm;
import java.util.Arrays;

/// The weight gradient of a layer, `dW += dyᵀ·x` and `dBias += sum of dy`, for one block of it at a time: see
/// [Gemm]. Each worker has one and sets its operands per task.
final class WeightGradient {
    /// Longest chunk of the reduction over tokens: a panel of dy (40 KiB) just stays in the first-level cache.
    private static final int TOKENS = 320;
    /// Most columns of `in` in a block. They are packed as rows of tiles, and the panels of dy once for each block.
    static final int COLUMNS = 512;
    // Panels of dy packed in one pass over its rows.
    private static final int GROUP = 4;

    private final ReadAhead ahead;
    private PanelLayout layout = new PanelLayout(1, 1, 1);
    private long dW;
    private long dBias;
    private int rows;
    private int firstRow;
    private GeluForm form = GeluForm.ERF;
    private SavedHidden activated = SavedHidden.NONE;
    private long table;
    private SavedHidden panels = SavedHidden.NONE;
    private long dy;
    private long dyStride;

    private WeightGradient(HeldMemory held) {
        ahead = new ReadAhead(held, ReadAhead.GRADIENTS);
    }

    static WeightGradient[] perWorker(Workers workers, HeldMemory held) {
        var gradients = new WeightGradient[workers.threads()];
        Arrays.setAll(gradients, _ -> new WeightGradient(held));
        return gradients;
    }

    /// Scratch of [#add].
    ///
    /// @param in columns of the weight
    static long bytes(int rows, int in) {
        int depth = Math.min(rows, TOKENS);
        return Gemm.packedBytes(Math.min(in, COLUMNS), depth) + (long) GROUP * depth * GemmTile.ROW_BYTES;
    }

    /// The gradient of one matrix over some rows of its operands.
    ///
    /// @param dBias 0 for none
    void of(PanelLayout layout, long dW, long dBias, int expert, int rows) {
        this.layout = layout;
        this.dW = dW + expert * layout.matrixBytes();
        this.dBias = dBias == 0 ? 0 : dBias + (long) expert * layout.out() * Float.BYTES;
        this.rows = rows;
    }

    /// x is the activation of what was saved.
    void activated(SavedHidden saved, int firstRow, GeluForm form) {
        activated = saved;
        this.firstRow = firstRow;
        this.form = form;
    }

    /// x is rows at these addresses.
    void gathered(long table) {
        this.table = table;
        activated = SavedHidden.NONE;
    }

    /// dy is equidistant rows.
    void rows(long dy, long dyStride) {
        this.dy = dy;
        this.dyStride = dyStride;
        panels = SavedHidden.NONE;
    }

    /// dy is in panels already.
    void panels(SavedHidden dy, int firstRow) {
        panels = dy;
        this.firstRow = firstRow;
    }

    /// Adds a block of columns and of panels, over all rows.
    void add(long scratch, int columnBlock, int columnBlocks, int panelBlock, int panelBlocks) {
        int firstColumn = Split.first(layout.in(), columnBlocks, columnBlock);
        int columns = Split.first(layout.in(), columnBlocks, columnBlock + 1) - firstColumn;
        int firstPanel = Split.first(layout.panels(), panelBlocks, panelBlock);
        int lastPanel = Split.first(layout.panels(), panelBlocks, panelBlock + 1);
        boolean sums = dBias != 0 && columnBlock == 0;
        long packed = scratch + Gemm.packedBytes(columns, Math.min(rows, TOKENS));
        int chunks = Split.parts(rows, TOKENS);
        for (int chunk = 0; chunk < chunks; chunk++) {
            int first = Split.first(rows, chunks, chunk);
            int depth = Split.first(rows, chunks, chunk + 1) - first;
            if (activated.isPresent()) {
                packActivated(firstRow + first, depth, firstColumn, columns, scratch, packed);
            } else {
                packGathered(table + first * (long) Long.BYTES, depth, firstColumn, columns, scratch);
            }
            for (int panel = firstPanel; panel < lastPanel; panel++) {
                long b = panelOfDy(first, depth, panel, firstPanel, lastPanel, packed);
                if (sums) {
                    int width = Math.min(GemmTile.WIDTH, layout.out() - panel * GemmTile.WIDTH);
                    Packing.addColumnSums(b, depth, width, dBias + panel * GemmTile.ROW_BYTES);
                }
                long c = dW + panel * layout.panelBytes() + firstColumn * GemmTile.ROW_BYTES;
                long next = panel + 1 < lastPanel ? c + layout.panelBytes() : c;
                long bytes = columns * GemmTile.ROW_BYTES;
                ahead.next(next, 1, bytes, 0);
                if (panels.isPresent() && panel + 1 < lastPanel) {
                    int following = (panel + 1) * GemmTile.WIDTH;
                    ahead.soon(panels.at(firstRow + first, following), depth * panels.stride(following));
                }
                Gemm.tiles(columns, depth, scratch, b, ahead, c, GemmTile.ROW_BYTES, true);
            }
        }
    }

    private static void packGathered(long table, int depth, int firstColumn, int columns, long out) {
        long ignored = Packing.touch(table, depth, firstColumn * (long) Float.BYTES, columns * (long) Float.BYTES);
        int tiles = RowTiles.count(columns);
        for (int t = 0; t < tiles; t++) {
            int first = RowTiles.first(columns, tiles, t);
            int count = RowTiles.size(columns, tiles, t);
            long offset = (firstColumn + first) * (long) Float.BYTES;
            Packing.columns(table, depth, offset, count, out + (long) first * depth * Float.BYTES);
        }
    }

    /// Activates a panel at a time and hands its columns out to the tiles, which may take theirs from two panels.
    private void packActivated(int row, int depth, int firstColumn, int columns, long out, long panel) {
        int tiles = RowTiles.count(columns);
        int tile = 0;
        int done = 0;
        while (done < columns) {
            int column = firstColumn + done;
            int inPanel = column % GemmTile.WIDTH;
            long stride = activated.stride(column);
            if (inPanel == 0 || done == 0) {
                int elements = depth * (int) (stride / Float.BYTES);
                CpuGelu.apply(panel, activated.at(row, column - inPanel), elements, form);
            }
            int first = RowTiles.first(columns, tiles, tile);
            int end = RowTiles.first(columns, tiles, tile + 1);
            int count = Math.min(Math.min(end - done, Lanes.LENGTH), GemmTile.WIDTH - inPanel);
            long target = out + ((long) first * depth + done - first) * Float.BYTES;
            long targetStride = (end - first) * (long) Float.BYTES;
            Packing.strip(panel + inPanel * (long) Float.BYTES, stride, depth, count, target, targetStride);
            done += count;
            if (done == end) {
                tile++;
            }
        }
    }

    /// One panel of dy, where it lies or packed; some panels are packed at once.
    private long panelOfDy(int first, int depth, int panel, int firstPanel, int lastPanel, long packed) {
        int column = panel * GemmTile.WIDTH;
        if (panels.isPresent() && panels.stride(column) == GemmTile.ROW_BYTES) {
            return panels.at(firstRow + first, column);
        }
        if (panels.isPresent()) {
            int width = layout.out() - column;
            Packing.panel(panels.at(firstRow + first, column), panels.stride(column), depth, width, packed);
            return packed;
        }
        int done = (panel - firstPanel) % GROUP;
        if (done == 0) {
            long source = dy + first * dyStride + panel * GemmTile.ROW_BYTES;
            int whole = Math.min(Math.min(lastPanel, panel + GROUP), layout.out() / GemmTile.WIDTH) - panel;
            Packing.panels(source, dyStride, depth, whole, packed);
            if (whole < Math.min(lastPanel - panel, GROUP)) {
                long rest = whole * GemmTile.ROW_BYTES;
                Packing.panel(source + rest, dyStride, depth, layout.out() % GemmTile.WIDTH, packed + rest * depth);
            }
        }
        return packed + (long) done * depth * GemmTile.ROW_BYTES;
    }
}
