package dev.tandem.cpu;

import dev.tandem.engine.kernel.GeluForm;
import java.util.Arrays;
import java.util.Optional;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// Where the rows of a product go, and what is done to a block of them while it is still in cache.
///
/// Each worker has one and sets it per task. Addresses of 0 stand for operands that are absent.
/// Blocks are walked a vector of columns at a time. Vectors are never passed to a method: where it
/// is not inlined they would be boxed.
final class Output {
    private static final int ROWS = 8;

    private Optional<GeluForm> form = Optional.empty();
    private long y;
    private long stride;
    private long pre;
    private long preStride;
    private long bias;

    static Output[] perWorker(Workers workers) {
        var outputs = new Output[workers.threads()];
        Arrays.setAll(outputs, _ -> new Output());
        return outputs;
    }

    /// `y = product`.
    Output rows(long y, long stride) {
        return rows(y, stride, 0, 0, 0, Optional.empty());
    }

    /// `pre = product + bias`, `y = gelu(pre)` or `pre`.
    ///
    /// @param y the first column of the first row, as are `pre` and `bias`
    Output rows(long y, long stride, long pre, long preStride, long bias, Optional<GeluForm> form) {
        this.y = y;
        this.stride = stride;
        this.pre = pre;
        this.preStride = preStride;
        this.bias = bias;
        this.form = form;
        return this;
    }

    long y() {
        return y;
    }

    long stride() {
        return stride;
    }

    /// Whether the product itself is the result.
    boolean plain() {
        return pre == 0 && bias == 0 && form.isEmpty();
    }

    /// Finishes columns `first ... first + columns - 1`.
    ///
    /// @param source their products, readable up to whole vectors
    void finish(int rows, int first, int columns, long source, long sourceStride) {
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

    private void block(int first, int rows, int lanes, long at, long source, long sourceStride) {
        long shift = bias == 0 ? 0 : bias + at;
        long target = y + first * stride + at;
        if (pre != 0) {
            shift(rows, lanes, pre + first * preStride + at, preStride, source, sourceStride, shift);
        }
        if (form.isEmpty()) {
            shift(rows, lanes, target, stride, source, sourceStride, shift);
        } else {
            switch (form.get()) {
                case ERF -> erf(rows, lanes, target, stride, source, sourceStride, shift);
                case TANH -> tanh(rows, lanes, target, stride, source, sourceStride, shift);
            }
        }
    }

    private static void shift(int rows, int lanes, long y, long stride, long source, long sourceStride, long bias) {
        VectorMask<Float> mask = Lanes.tail(0, lanes);
        FloatVector shift = bias == 0 ? FloatVector.zero(Lanes.F32) : Lanes.load(bias, mask);
        for (int r = 0; r < rows; r++) {
            FloatVector value = Lanes.load(source + r * sourceStride).add(shift);
            Lanes.store(value, y + r * stride, mask);
        }
    }

    private static void erf(int rows, int lanes, long y, long stride, long source, long sourceStride, long bias) {
        VectorMask<Float> mask = Lanes.tail(0, lanes);
        FloatVector shift = bias == 0 ? FloatVector.zero(Lanes.F32) : Lanes.load(bias, mask);
        for (int r = 0; r < rows; r++) {
            FloatVector value = Lanes.load(source + r * sourceStride).add(shift);
            Lanes.store(VectorMath.gelu(value), y + r * stride, mask);
        }
    }

    private static void tanh(int rows, int lanes, long y, long stride, long source, long sourceStride, long bias) {
        VectorMask<Float> mask = Lanes.tail(0, lanes);
        FloatVector shift = bias == 0 ? FloatVector.zero(Lanes.F32) : Lanes.load(bias, mask);
        for (int r = 0; r < rows; r++) {
            FloatVector value = Lanes.load(source + r * sourceStride).add(shift);
            Lanes.store(VectorMath.geluTanh(value), y + r * stride, mask);
        }
    }
}
