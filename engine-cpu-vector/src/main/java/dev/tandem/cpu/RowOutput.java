package dev.tandem.cpu;

import dev.tandem.engine.kernel.GeluForm;
import java.util.Arrays;
import java.util.Optional;

/// Rows of a tensor: `product + bias`, or with a form `pre = product + bias`, `y = gelu(pre)`.
final class RowOutput extends Output {
    private static final int ROWS = 8;

    private Optional<GeluForm> form = Optional.empty();
    private long y;
    private long stride;
    private long pre;
    private long bias;

    static RowOutput[] perWorker(Workers workers) {
        var outputs = new RowOutput[workers.threads()];
        Arrays.setAll(outputs, _ -> new RowOutput());
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
        return true;
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
    void finish(int rows, int first, int columns, long source, long sourceStride) {
        if (columns == GemmTile.WIDTH && pre == 0 && form.isEmpty()) {
            long at = first * (long) Float.BYTES;
            Activation.shiftPanel(rows, y + at, stride, source, sourceStride, bias == 0 ? 0 : bias + at);
            return;
        }
        // Few rows at a time: where strides are multiples of 4 KiB, more would evict each other from the cache.
        for (int r = 0; r < rows; r += ROWS) {
            for (int j = 0; j < columns; j += Lanes.LENGTH) {
                block(
                        r,
                        Math.min(ROWS, rows - r),
                        Math.min(Lanes.LENGTH, columns - j),
                        (first + j) * (long) Float.BYTES,
                        source + r * sourceStride + j * (long) Float.BYTES,
                        sourceStride);
            }
        }
    }

    private void block(int firstRow, int rows, int lanes, long at, long source, long sourceStride) {
        long shift = bias == 0 ? 0 : bias + at;
        long offset = firstRow * stride + at;
        if (pre != 0) {
            Activation.shift(rows, lanes, pre + offset, stride, source, sourceStride, shift);
        }
        if (form.isPresent()) {
            Activation.apply(form.get(), rows, lanes, y + offset, stride, source, sourceStride, shift);
        } else {
            Activation.shift(rows, lanes, y + offset, stride, source, sourceStride, shift);
        }
    }
}
