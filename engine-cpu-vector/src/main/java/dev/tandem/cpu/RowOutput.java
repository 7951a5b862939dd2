package dev.tandem.cpu;

import dev.tandem.engine.kernel.GeluForm;
import java.util.Arrays;
import java.util.Optional;

/// Rows of a tensor: `product + bias`, or with a form `pre = product + bias`, `y = gelu(pre)`.
final class RowOutput extends Output {
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
    void block(int firstRow, int rows, int lanes, long at, long source, long sourceStride) {
        long shift = bias == 0 ? 0 : bias + at;
        long target = y + firstRow * stride + at;
        if (form.isPresent()) {
            long kept = pre == 0 ? target : pre + firstRow * stride + at;
            Activation.apply(form.get(), rows, lanes, target, stride, kept, stride, source, sourceStride, shift);
        } else {
            Activation.shift(rows, lanes, target, stride, source, sourceStride, shift);
        }
    }
}
