package dev.tandem.cpu;

import dev.tandem.engine.kernel.GeluForm;
import java.util.Arrays;
import java.util.Optional;

/// Rows of a tensor: `product + bias`, or with a form `pre = product + bias`, `y = gelu(pre)`.
class RowOutput extends Output {
    private Optional<GeluForm> form = Optional.empty();
    private long y;
    private long stride;
    private long pre;
    private long bias;

    RowOutput(HeldMemory held) {
        super(held);
    }

    static RowOutput[] perWorker(Workers workers, HeldMemory held) {
        var outputs = new RowOutput[workers.threads()];
        Arrays.setAll(outputs, _ -> new RowOutput(held));
        return outputs;
    }

    /// `y = product`.
    RowOutput rows(long y, long stride) {
        return rows(y, stride, 0, 0, Optional.empty());
    }

    /// @param y the first column of the first row, as are `pre`, whose stride is the same, and `bias`
    RowOutput rows(long y, long stride, long pre, long bias, Optional<GeluForm> form) {
        this.y = y;
        this.stride = stride;
        this.pre = pre;
        this.bias = bias;
        this.form = form;
        return this;
    }

    @Override
    boolean direct() {
        return form.isEmpty();
    }

    @Override
    long y() {
        return y;
    }

    @Override
    long stride() {
        return stride;
    }

    @Override
    boolean plain() {
        return bias == 0 && form.isEmpty();
    }

    @Override
    void askForTarget(int firstRow, int rows, int column) {
        long at = firstRow * stride + column * (long) Float.BYTES;
        fetch(y + at, stride, rows);
        if (pre != 0) {
            fetch(pre + at, stride, rows);
        }
    }

    /// For tests to see what is asked for.
    void fetch(long first, long stride, int rows) {
        Prefetch.rows(first, stride, rows);
    }

    @Override
    void finish(int firstRow, int rows, int first, int columns, long source, long sourceStride) {
        long row = firstRow * stride;
        int whole = columns / GemmTile.WIDTH * GemmTile.WIDTH;
        for (int j = 0; j < whole; j += GemmTile.WIDTH) {
            finishPanel(rows, row, (first + j) * (long) Float.BYTES, source + j * (long) Float.BYTES, sourceStride);
        }
        for (int j = whole; j < columns; j += Lanes.LENGTH) {
            int lanes = Math.min(Lanes.LENGTH, columns - j);
            finishLanes(
                    rows, lanes, row, (first + j) * (long) Float.BYTES, source + j * (long) Float.BYTES, sourceStride);
        }
    }

    private void finishPanel(int rows, long row, long at, long source, long sourceStride) {
        long shift = bias == 0 ? 0 : bias + at;
        if (form.isEmpty()) {
            Activation.shiftPanel(rows, y + row + at, stride, source, sourceStride, shift);
            return;
        }
        Activation.shiftPanel(rows, source, sourceStride, source, sourceStride, shift);
        if (pre != 0) {
            Activation.shiftPanel(rows, pre + row + at, stride, source, sourceStride, 0);
        }
        activate(rows, source, sourceStride);
        Activation.shiftPanel(rows, y + row + at, stride, source, sourceStride, 0);
    }

    private void activate(int rows, long source, long sourceStride) {
        // All rows as one run where they follow each other.
        boolean whole = sourceStride == GemmTile.ROW_BYTES;
        int elements = whole ? rows * GemmTile.WIDTH : GemmTile.WIDTH;
        for (int r = 0; r < (whole ? 1 : rows); r++) {
            CpuGelu.apply(source + r * sourceStride, source + r * sourceStride, elements, form.orElseThrow());
        }
    }

    private void finishLanes(int rows, int lanes, long row, long at, long source, long sourceStride) {
        long shift = bias == 0 ? 0 : bias + at;
        if (pre != 0) {
            Activation.shift(rows, lanes, pre + row + at, stride, source, sourceStride, shift);
        }
        if (form.isPresent()) {
            Activation.apply(form.get(), rows, lanes, y + row + at, stride, source, sourceStride, shift);
        } else {
            Activation.shift(rows, lanes, y + row + at, stride, source, sourceStride, shift);
        }
    }
}
