package dev.tandem.engine;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Host values as [ElementType#Q8] and back.
///
///     scale[r] = max |w[r,:]| / 127
///     q[r,c]   = w[r,c] / scale[r], rounded to the nearest, ties to even; 0 where the scale is 0
///     w[r,c] ≈ q[r,c] · scale[r], rounded to F32
///
/// So a value is off by at most half a scale. A row that holds NaN or an infinity becomes NaN.
///
/// In host memory the integers of all rows come first, row-major and one byte each, then one F32 scale
/// per row in native byte order.
public final class Q8 {
    private static final int LARGEST = 127;
    private static final ValueLayout.OfFloat SCALE = ValueLayout.JAVA_FLOAT_UNALIGNED;

    private Q8() {}

    /// Quantizes whole rows.
    ///
    /// @param values of the rows, one behind the other
    /// @param columns of a row
    /// @throws IllegalArgumentException if the last row is not whole
    public static byte[] of(float[] values, int columns) {
        if (values.length % columns != 0) {
            throw new IllegalArgumentException(
                    "%d values are no whole rows of %d, which have a scale each".formatted(values.length, columns));
        }
        int rows = values.length / columns;
        byte[] host = new byte[Math.addExact(values.length, Math.multiplyExact(rows, Float.BYTES))];
        MemorySegment scales = MemorySegment.ofArray(host);
        for (int r = 0; r < rows; r++) {
            int end = (r + 1) * columns;
            float largest = 0;
            for (int i = r * columns; i < end; i++) {
                largest = Math.max(largest, Math.abs(values[i]));
            }
            float scale = largest / LARGEST;
            for (int i = r * columns; i < end; i++) {
                host[i] = of(values[i], scale);
            }
            scales.set(SCALE, values.length + (long) r * Float.BYTES, scale);
        }
        return host;
    }

    private static byte of(float value, float scale) {
        return scale == 0 ? 0 : (byte) Math.clamp((int) Math.rint(value / scale), -LARGEST, LARGEST);
    }

    /// The values of whole rows.
    ///
    /// @param host integers and scales as described above
    /// @param columns of a row
    /// @throws IllegalArgumentException if the last row is not whole
    public static float[] values(byte[] host, int columns) {
        if (host.length % (columns + Float.BYTES) != 0) {
            throw new IllegalArgumentException(
                    "%d bytes are no whole rows of %d integers and a scale".formatted(host.length, columns));
        }
        int rows = host.length / (columns + Float.BYTES);
        float[] values = new float[rows * columns];
        MemorySegment scales = MemorySegment.ofArray(host);
        for (int r = 0; r < rows; r++) {
            float scale = scales.get(SCALE, values.length + (long) r * Float.BYTES);
            for (int i = r * columns; i < (r + 1) * columns; i++) {
                values[i] = host[i] * scale;
            }
        }
        return values;
    }
}
