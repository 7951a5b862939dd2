package dev.tandem.engine;

/// Host values as [ElementType#BF16] and back.
public final class Bf16 {
    private static final int DROPPED_BITS = 16;
    private static final int BELOW_HALF = 0x7FFF;
    private static final int QUIET = 0x40;

    private Bf16() {}

    /// The nearest BF16 value, ties to even, as its bits. NaN stays NaN; what exceeds the largest
    /// value by half a unit becomes infinite.
    public static short of(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (short) ((bits >>> DROPPED_BITS) | QUIET);
        }
        return (short) ((bits + BELOW_HALF + ((bits >>> DROPPED_BITS) & 1)) >>> DROPPED_BITS);
    }

    /// The value of BF16 bits, exactly.
    public static float value(short bits) {
        return Float.intBitsToFloat(bits << DROPPED_BITS);
    }

    /// The nearest value that BF16 holds.
    public static float round(float value) {
        return value(of(value));
    }
}
