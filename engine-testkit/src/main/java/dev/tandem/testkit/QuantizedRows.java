package dev.tandem.testkit;

import dev.tandem.engine.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The rows of one reference tensor of [dev.tandem.engine.ElementType#Q8], on their way in and out. Its values
/// are the products of integers and scales, rounded to F32.
final class QuantizedRows {
    private static final ValueLayout.OfFloat SCALE = ValueLayout.JAVA_FLOAT_UNALIGNED;

    private final Values values;
    private final float[] scales;
    private final int first;
    private final int columns;

    private QuantizedRows(Tensor tensor) {
        values = Values.of(tensor);
        scales = ((ReferenceStorage) tensor.storage()).scales();
        columns = tensor.shape().last();
        first = Math.toIntExact(tensor.offset() / columns);
    }

    static QuantizedRows of(Tensor tensor) {
        return new QuantizedRows(tensor);
    }

    private int rows() {
        return values.size() / columns;
    }

    private long scaleOffset(int row) {
        return values.size() + (long) row * Float.BYTES;
    }

    void upload(MemorySegment source) {
        for (int r = 0; r < rows(); r++) {
            float scale = source.get(SCALE, scaleOffset(r));
            scales[first + r] = scale;
            for (int i = r * columns; i < (r + 1) * columns; i++) {
                values.set(i, source.get(ValueLayout.JAVA_BYTE, i) * scale);
            }
        }
    }

    /// An integer whose scale is 0 or no number comes out as 0: its value does not tell it any more.
    void download(MemorySegment target) {
        for (int r = 0; r < rows(); r++) {
            float scale = scales[first + r];
            target.set(SCALE, scaleOffset(r), scale);
            for (int i = r * columns; i < (r + 1) * columns; i++) {
                byte integer = scale == 0 ? 0 : (byte) Math.rint(values.get(i) / scale);
                target.set(ValueLayout.JAVA_BYTE, i, integer);
            }
        }
    }
}
