package dev.tandem.engine;

/// How one element of a tensor is stored.
public enum ElementType {
    /// IEEE 754 binary32.
    F32(Float.BYTES),
    /// The upper half of a binary32: 8 exponent and 7 fraction bits, so a rounding of up to 2⁻⁸. For
    /// activations and working weights, on devices that offer it; see [Bf16] and [Kernels].
    BF16(Short.BYTES),
    /// Two's complement integer: token ids, expert numbers, slots, masks.
    I32(Integer.BYTES);

    private final int bytes;

    ElementType(int bytes) {
        this.bytes = bytes;
    }

    /// Bytes of one element in host memory, as upload and download exchange it.
    public int bytes() {
        return bytes;
    }
}
