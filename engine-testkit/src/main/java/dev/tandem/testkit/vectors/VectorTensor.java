package dev.tandem.testkit.vectors;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/// One tensor of a file, row-major.
///
/// @param name its key in the header
/// @param type how an element is stored
/// @param shape extents, outermost first; empty for a scalar
/// @param bytes the elements, little-endian
public record VectorTensor(String name, Type type, List<Integer> shape, ByteBuffer bytes) {
    /// The element types in use, under the names that the format gives them.
    public enum Type {
        /// IEEE 754 binary32: inputs, and rounded results.
        F32(Float.BYTES),
        /// IEEE 754 binary64: results.
        F64(Double.BYTES),
        /// Two's complement: ids, choices, positions.
        I32(Integer.BYTES),
        /// 0 or 1: masks.
        U8(Byte.BYTES);

        private final int bytes;

        Type(int bytes) {
            this.bytes = bytes;
        }

        int bytes() {
            return bytes;
        }
    }

    /// Number of elements; 1 for a scalar.
    public int elements() {
        return bytes.limit() / type.bytes();
    }

    /// The shape as an array; `[1]` for a scalar, which tensors of a backend cannot be.
    public int[] extents() {
        return shape.isEmpty()
                ? new int[] {1}
                : shape.stream().mapToInt(Integer::intValue).toArray();
    }

    /// The elements of a floating tensor.
    ///
    /// @throws MalformedVector if it is none
    public double[] doubles() {
        demand(type == Type.F32 || type == Type.F64, "a floating type");
        ByteBuffer source = ordered();
        double[] values = new double[elements()];
        Arrays.setAll(values, i -> type == Type.F64 ? source.getDouble(8 * i) : source.getFloat(4 * i));
        return values;
    }

    /// The elements of an `F32` tensor.
    ///
    /// @throws MalformedVector if it is none
    public float[] floats() {
        demand(type == Type.F32, "F32");
        float[] values = new float[elements()];
        ordered().asFloatBuffer().get(values);
        return values;
    }

    /// The elements of an `I32` or `U8` tensor.
    ///
    /// @throws MalformedVector if it is none
    public int[] integers() {
        demand(type == Type.I32 || type == Type.U8, "I32 or U8");
        ByteBuffer source = ordered();
        int[] values = new int[elements()];
        Arrays.setAll(values, i -> type == Type.I32 ? source.getInt(4 * i) : source.get(i) & 0xFF);
        return values;
    }

    private ByteBuffer ordered() {
        return bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    }

    private void demand(boolean condition, String wanted) {
        if (!condition) {
            throw new MalformedVector("tensor '%s' must be of %s, is %s".formatted(name, wanted, type));
        }
    }
}
