package dev.tandem.cpu;

import dev.tandem.engine.kernel.GeluForm;
import java.util.Arrays;

/// The hidden block between two products: each panel is finished in the first-level cache and packed there
/// for the second product, so that hidden values go nowhere else.
///
/// | pass     | finished panel                    | `pre` then holds      |
/// |----------|-----------------------------------|-----------------------|
/// | forward  | `gelu(product + bias)`            | `product + bias`      |
/// | backward | `product * gelu'(pre)`            | the finished panel    |
final class HiddenOutput extends Output {
    private GeluForm form = GeluForm.ERF;
    private boolean backward;
    private SavedHidden pre = SavedHidden.NONE;
    private int firstRow;
    private long bias;
    private long table;
    private long packed;
    private int length;
    private int depth;
    private int firstChunk;
    private int rows;
    private boolean byTokens;

    HiddenOutput(HeldMemory held) {
        super(held);
    }

    static HiddenOutput[] perWorker(Workers workers, HeldMemory held) {
        var outputs = new HiddenOutput[workers.threads()];
        Arrays.setAll(outputs, _ -> new HiddenOutput(held));
        return outputs;
    }

    /// @param firstRow where the block begins in `pre`, which may be absent
    HiddenOutput forward(SavedHidden pre, int firstRow, long bias, GeluForm form) {
        this.pre = pre;
        this.firstRow = firstRow;
        this.bias = bias;
        this.form = form;
        backward = false;
        return this;
    }

    HiddenOutput backward(SavedHidden pre, int firstRow, GeluForm form) {
        this.pre = pre;
        this.firstRow = firstRow;
        this.form = form;
        backward = true;
        return this;
    }

    /// Where the chunks from `firstChunk` on are packed.
    ///
    /// @param table addresses of the rows in scratch
    /// @param length columns of the whole hidden block
    /// @param depth most steps of its chunks
    /// @param byTokens whether as [TokenPanels], or as tiles
    HiddenOutput into(long table, int rows, boolean byTokens, int length, int depth, int firstChunk, long packed) {
        this.table = table;
        this.rows = rows;
        this.byTokens = byTokens;
        this.length = length;
        this.depth = depth;
        this.firstChunk = firstChunk;
        this.packed = packed;
        return this;
    }

    @Override
    boolean direct() {
        return false;
    }

    @Override
    long y() {
        throw new AssertionError("panels are summed up in scratch");
    }

    @Override
    long stride() {
        throw new AssertionError("panels are summed up in scratch");
    }

    @Override
    boolean plain() {
        return false;
    }

    @Override
    void aboutToFinish(int rows, int column) {
        // What is only written is not asked for: rows of a panel follow each other, the processor does as well by
        // itself.
        if (backward) {
            ahead.soon(pre.at(firstRow, column), rows * pre.stride(column));
        }
    }

    @Override
    void finish(int first, int rows, int column, int columns, long source, long sourceStride) {
        for (int done = 0; done < columns; done += GemmTile.WIDTH) {
            int width = Math.min(GemmTile.WIDTH, columns - done);
            finishPanel(firstRow + first, rows, column + done, width, source + done * (long) Float.BYTES, sourceStride);
        }
        int chunk = firstChunk;
        while (Reduction.first(length, depth, chunk + 1) <= column) {
            chunk++;
        }
        pack(first, rows, chunk, column, columns, 0);
    }

    private void finishPanel(int row, int rows, int column, int width, long source, long stride) {
        long saved = pre.isPresent() ? pre.at(row, column) : 0;
        long savedStride = pre.stride(column);
        // All rows at once where they are contiguous.
        boolean whole = stride == GemmTile.ROW_BYTES && (saved == 0 || savedStride == stride);
        int elements = whole ? rows * GemmTile.WIDTH : width;
        int times = whole ? 1 : rows;
        if (!backward) {
            addBias(rows, column, width, source, stride);
        }
        for (int r = 0; r < times; r++) {
            finishRow(source + r * stride, saved + r * savedStride, elements);
        }
    }

    private void addBias(int rows, int column, int width, long source, long stride) {
        if (width == GemmTile.WIDTH) {
            Activation.shiftPanel(rows, source, stride, source, stride, bias + column * (long) Float.BYTES);
            return;
        }
        for (int j = 0; j < width; j += Lanes.LENGTH) {
            long at = source + j * (long) Float.BYTES;
            long shift = bias + (column + j) * (long) Float.BYTES;
            Activation.shift(rows, Math.min(Lanes.LENGTH, width - j), at, stride, at, stride, shift);
        }
    }

    private void finishRow(long row, long saved, int elements) {
        if (backward) {
            CpuGelu.differentiate(row, saved, elements, form);
        } else if (pre.isPresent()) {
            CpuGelu.applyKeeping(row, saved, elements, form);
        } else {
            CpuGelu.apply(row, row, elements, form);
        }
    }

    /// Packs columns of some rows of the scratch; two panels at once may lie in two chunks.
    private void pack(int first, int rows, int chunk, int column, int columns, int done) {
        int begin = Reduction.first(length, depth, chunk);
        int end = Reduction.first(length, depth, chunk + 1);
        int count = Math.min(columns, end - column);
        int all = byTokens ? TokenPanels.padded(this.rows) : this.rows;
        int lanes = byTokens ? GemmTile.WIDTH : rows;
        long target = packed
                + (chunk - firstChunk) * Reduction.chunkBytes(length, depth, all)
                + ((long) first * (end - begin) + (long) (column - begin) * lanes) * Float.BYTES;
        long source = table + first * (long) Long.BYTES;
        long offset = done * (long) Float.BYTES;
        if (byTokens) {
            Packing.tokens(source, rows, offset, count, target);
        } else {
            Packing.tilePart(source, rows, offset, count, target);
        }
        if (count < columns) {
            pack(first, rows, chunk + 1, end, columns - count, done + count);
        }
    }
}
