package dev.tandem.cpu;

/// Runs of [dev.tandem.engine.Philox#uniform] values: one generator call yields four of them.
final class Uniforms {
    /// Values of one generator call.
    static final int PER_CALL = 4;

    private static final int ROUNDS = 10;
    private static final long MULTIPLIER_0 = 0xD2511F53L;
    private static final long MULTIPLIER_1 = 0xCD9E8D57L;
    private static final int WEYL_0 = 0x9E3779B9;
    private static final int WEYL_1 = 0xBB67AE85;
    private static final int UNUSED_BITS = 8;
    private static final float UNIT = 0x1p-24f;

    private Uniforms() {}

    /// Floats that [#write] may touch for `count` values.
    static int room(int count) {
        return count + 2 * PER_CALL;
    }

    /// Writes whole calls that cover the indices `first ... first + count - 1`, and returns the address
    /// of the value at `first`.
    ///
    /// @param buffer address of [#room] floats
    static long write(long buffer, long seed, long stream, long first, int count) {
        long call = first >>> 2;
        int skipped = (int) (first & (PER_CALL - 1));
        int calls = (skipped + count + PER_CALL - 1) / PER_CALL;
        for (int i = 0; i < calls; i++) {
            four(buffer + (long) i * PER_CALL * Float.BYTES, seed, stream, call + i);
        }
        return buffer + (long) skipped * Float.BYTES;
    }

    private static void four(long address, long seed, long stream, long call) {
        int c0 = (int) call;
        int c1 = (int) (call >>> 32);
        int c2 = (int) stream;
        int c3 = (int) (stream >>> 32);
        int k0 = (int) seed;
        int k1 = (int) (seed >>> 32);
        for (int round = 0; round < ROUNDS; round++) {
            long product0 = MULTIPLIER_0 * Integer.toUnsignedLong(c0);
            long product1 = MULTIPLIER_1 * Integer.toUnsignedLong(c2);
            c0 = (int) (product1 >>> 32) ^ c1 ^ k0;
            c1 = (int) product1;
            c2 = (int) (product0 >>> 32) ^ c3 ^ k1;
            c3 = (int) product0;
            k0 += WEYL_0;
            k1 += WEYL_1;
        }
        Lanes.set(address, uniform(c0));
        Lanes.set(address + Float.BYTES, uniform(c1));
        Lanes.set(address + 2L * Float.BYTES, uniform(c2));
        Lanes.set(address + 3L * Float.BYTES, uniform(c3));
    }

    private static float uniform(int word) {
        return (word >>> UNUSED_BITS) * UNIT;
    }
}
