package dev.tandem.engine;

/// How one element of a tensor is stored.
public enum ElementType {
    /// IEEE 754 binary32.
    F32(Float.BYTES),
    /// The upper half of a binary32: 8 exponent and 7 fraction bits, so a rounding of up to 2⁻⁸. For
    /// activations and working weights, on devices that offer it, and for weights beside activations of
    /// F32; see [Bf16] and [Kernels].
    BF16(Short.BYTES),
    /// Quantized to 8 bits: a signed integer per element and an F32 scale per row, by which the row's
    /// integers are multiplied. For weights beside activations of F32 alone; see [Q8] and [Kernels].
    Q8(Byte.BYTES),
    /// Two's complement integer: token ids, expert numbers, slots, masks.
    I32(Integer.BYTES);

    private final int bytes;

    ElementType(int bytes) {
        this.bytes = bytes;
    }

    /// Bytes of one element in host memory; scales come on top.
    public int bytes() {
        return bytes;
    }

    /// Bytes of a tensor in host memory, as upload and download exchange it: its elements, and behind
    /// those of [#Q8] the scales of its rows.
    ///
    /// @throws ArithmeticException if they exceed a `long`
    public long bytes(Shape shape) {
        long elements = Math.multiplyExact(shape.elements(), (long) bytes);
        return this == Q8 ? Math.addExact(elements, Math.multiplyExact(shape.rows(), (long) Float.BYTES)) : elements;
    }
}
