package dev.tandem.cuda;

/// Host values as BF16 and back.
final class Bf16 {
    private Bf16() {}

    /// Rounds to nearest, ties to even.
    static short of(float value) {
        int bits = Float.floatToRawIntBits(value);
        return (short) (Float.isNaN(value) ? (bits >>> 16) | 0x40 : (bits + 0x7fff + (bits >>> 16 & 1)) >>> 16);
    }

    static float value(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }
}
