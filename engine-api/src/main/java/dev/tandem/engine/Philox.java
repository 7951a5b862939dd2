package dev.tandem.engine;

/// Philox 4x32-10, the counter-based generator that every backend implements: a number is a
/// function of `(seed, stream, index)` and of nothing else, so results depend on no order of
/// execution.
///
///     block   = index div 4          lane = index mod 4
///     key     = (low(seed), high(seed))
///     counter = (low(block), high(block), low(stream), high(stream))
///     word(seed, stream, index) = philox4x32_10(key, counter)[lane]
///
/// Source: Salmon et al., Parallel random numbers: as easy as 1, 2, 3, SC 2011.
public final class Philox {
    private static final int ROUNDS = 10;
    private static final long MULTIPLIER_0 = 0xD2511F53L;
    private static final long MULTIPLIER_1 = 0xCD9E8D57L;
    private static final int WEYL_0 = 0x9E3779B9;
    private static final int WEYL_1 = 0xBB67AE85;
    private static final double UNIT = 0x1p-24;

    private Philox() {}

    /// The 32-bit word at `index`.
    public static int word(long seed, long stream, long index) {
        long block = index >>> 2;
        int c0 = (int) block;
        int c1 = (int) (block >>> 32);
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
        return switch ((int) (index & 3)) {
            case 0 -> c0;
            case 1 -> c1;
            case 2 -> c2;
            default -> c3;
        };
    }

    /// Uniform in `[0, 1)`, a multiple of 2⁻²⁴: the upper 24 bits of the word at `index`.
    public static float uniform(long seed, long stream, long index) {
        return (float) ((word(seed, stream, index) >>> 8) * UNIT);
    }

    /// Standard normal by Box and Muller from words `2·index` and `2·index + 1`, computed in
    /// double precision.
    public static double normal(long seed, long stream, long index) {
        double radius = ((word(seed, stream, 2 * index) >>> 8) + 1) * UNIT;
        double angle = (word(seed, stream, 2 * index + 1) >>> 8) * UNIT;
        return Math.sqrt(-2 * StrictMath.log(radius)) * StrictMath.cos(2 * Math.PI * angle);
    }

    /// Standard Gumbel `−ln(−ln u)` from the word at `index`, computed in double precision.
    public static double gumbel(long seed, long stream, long index) {
        double u = ((word(seed, stream, index) >>> 8) + 0.5) * UNIT;
        return -StrictMath.log(-StrictMath.log(u));
    }
}
