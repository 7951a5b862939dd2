package dev.tandem.cpu;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.Vector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// The distributions of [dev.tandem.engine.Philox] from its words, in double precision: each function is one
/// pass over a buffer that stays in the first-level cache.
///
/// From arithmetic alone, as in [VectorMath], so the bits depend on no width. Errors stay below 1e-15, and
/// rounding to F32 hides them. All passes work on whole vectors, so buffers have room for one more.
final class Samples {
    private static final VectorSpecies<Double> F64 = VectorSpecies.of(double.class, Lanes.F32.vectorShape());
    private static final VectorSpecies<Long> I64 = F64.withLanes(long.class);
    private static final int LENGTH = F64.length();
    private static final VectorShape HALF = VectorShape.forBitSize(Lanes.F32.vectorBitSize() / 2);
    private static final VectorSpecies<Integer> I32 = VectorSpecies.of(int.class, HALF);
    private static final VectorSpecies<Float> F32 = I32.withLanes(float.class);

    private static final int UNUSED_BITS = 8;
    private static final double UNIT = 0x1p-24;
    private static final long WORD = 0xFFFF_FFFFL;

    // An integer below 2^52, put into the fraction of 2^52: a conversion that every processor has.
    private static final double SHIFT = 0x1p52;
    private static final long SHIFT_BITS = Double.doubleToRawLongBits(SHIFT);

    private static final long FRACTION = (1L << 52) - 1;
    private static final long ROOT_HALF_BITS = Double.doubleToRawLongBits(Math.sqrt(0.5));
    private static final int FRACTION_BITS = 52;
    // Keeps the exponent positive while it is converted.
    private static final int BIAS = 2048;

    private Samples() {}

    /// Bytes of a buffer for `count` doubles.
    static long bytes(int count) {
        return Workspace.aligned((count + (long) LENGTH) * Double.BYTES);
    }

    /// `y[i] = (words[i] >>> 8 + shift) * 2^-24`.
    static void uniforms(long y, long words, int count, double shift) {
        for (int i = 0; i < count; i += LENGTH) {
            IntVector draws = IntVector.fromMemorySegment(
                            I32, Lanes.MEMORY, words + (long) i * Integer.BYTES, Lanes.ORDER)
                    .lanewise(VectorOperators.LSHR, UNUSED_BITS);
            DoubleVector values = (DoubleVector) draws.convertShape(VectorOperators.I2D, F64, 0);
            store(values.add(shift).mul(UNIT), y + (long) i * Double.BYTES);
        }
    }

    /// `y[i] = (words[2 i] >>> 8 + 1) * 2^-24`, in (0, 1].
    static void radii(long y, long words, int count) {
        for (int i = 0; i < count; i += LENGTH) {
            long at = (long) i * Double.BYTES;
            LongVector draws = loadLongs(words + at).and(WORD).lanewise(VectorOperators.LSHR, UNUSED_BITS);
            store(toDouble(draws).add(1).mul(UNIT), y + at);
        }
    }

    /// `y[i] = sqrt(2 y[i]) * cos(2 pi (words[2 i + 1] >>> 8) * 2^-24)`.
    static void turn(long y, long words, int count) {
        for (int i = 0; i < count; i += LENGTH) {
            long at = (long) i * Double.BYTES;
            LongVector draws = loadLongs(words + at).lanewise(VectorOperators.LSHR, Integer.SIZE + UNUSED_BITS);
            DoubleVector angle = toDouble(draws).mul(UNIT);
            // cos(2 pi a) = sin(2 pi (abs(a - 1/2) - 1/4)), and that difference is exact
            DoubleVector x = angle.sub(0.5).abs().sub(0.25).mul(2 * Math.PI);
            DoubleVector radius = load(y + at).mul(2).lanewise(VectorOperators.SQRT);
            store(sine(x).mul(radius), y + at);
        }
    }

    /// Taylor's series, whose rest is below 2e-18 within a quarter turn.
    private static DoubleVector sine(DoubleVector x) {
        DoubleVector square = x.mul(x);
        DoubleVector sum = DoubleVector.broadcast(F64, 1.0 / 51_090_942_171_709_440_000.0);
        sum = sum.fma(square, constant(-1.0 / 121_645_100_408_832_000.0));
        sum = sum.fma(square, constant(1.0 / 355_687_428_096_000.0));
        sum = sum.fma(square, constant(-1.0 / 1_307_674_368_000.0));
        sum = sum.fma(square, constant(1.0 / 6_227_020_800.0));
        sum = sum.fma(square, constant(-1.0 / 39_916_800.0));
        sum = sum.fma(square, constant(1.0 / 362_880.0));
        sum = sum.fma(square, constant(-1.0 / 5_040.0));
        sum = sum.fma(square, constant(1.0 / 120.0));
        sum = sum.fma(square, constant(-1.0 / 6.0));
        return sum.mul(square).fma(x, x);
    }

    /// `y[i] = -ln y[i]`, for positive normal numbers.
    static void minusLogs(long y, int count) {
        for (int i = 0; i < count; i += LENGTH) {
            long at = (long) i * Double.BYTES;
            // x = 2^k * m with m in [sqrt(1/2), sqrt 2)
            LongVector bits = loadLongs(y + at).sub(ROOT_HALF_BITS);
            LongVector exponent = bits.lanewise(VectorOperators.ASHR, FRACTION_BITS);
            DoubleVector k = toDouble(exponent.add(BIAS)).sub(BIAS);
            DoubleVector m = bits.and(FRACTION).add(ROOT_HALF_BITS).reinterpretAsDoubles();
            // ln m = 2 artanh s
            DoubleVector s = m.sub(1).div(m.add(1));
            store(k.fma(constant(-VectorMath.LN_2), artanh(s).mul(-2)), y + at);
        }
    }

    /// The series, whose rest is below 2e-18 for `abs(s) <= 0.172`.
    private static DoubleVector artanh(DoubleVector s) {
        DoubleVector square = s.mul(s);
        DoubleVector sum = constant(1.0 / 21);
        sum = sum.fma(square, constant(1.0 / 19));
        sum = sum.fma(square, constant(1.0 / 17));
        sum = sum.fma(square, constant(1.0 / 15));
        sum = sum.fma(square, constant(1.0 / 13));
        sum = sum.fma(square, constant(1.0 / 11));
        sum = sum.fma(square, constant(1.0 / 9));
        sum = sum.fma(square, constant(1.0 / 7));
        sum = sum.fma(square, constant(1.0 / 5));
        sum = sum.fma(square, constant(1.0 / 3));
        return sum.mul(square).fma(s, s);
    }

    /// `y[i] = offset + factor * x[i]`, rounded once to F32.
    ///
    /// Stored as doubles: C2 guesses the class of a stored vector of floats by what the process has stored
    /// before ([Lanes#VECTOR]), and these vectors are shorter than all others.
    static void affine(long y, long x, int count, double offset, double factor) {
        for (int i = 0; i < count; i += LENGTH) {
            DoubleVector values = load(x + (long) i * Double.BYTES).mul(factor).add(offset);
            Vector<?> rounded = values.convertShape(VectorOperators.D2F, F32, 0);
            store(rounded.reinterpretAsDoubles(), y + (long) i * Float.BYTES);
        }
    }

    private static DoubleVector toDouble(LongVector integers) {
        return integers.or(SHIFT_BITS).reinterpretAsDoubles().sub(SHIFT);
    }

    private static DoubleVector constant(double value) {
        return DoubleVector.broadcast(F64, value);
    }

    private static DoubleVector load(long address) {
        return DoubleVector.fromMemorySegment(F64, Lanes.MEMORY, address, Lanes.ORDER);
    }

    private static LongVector loadLongs(long address) {
        return LongVector.fromMemorySegment(I64, Lanes.MEMORY, address, Lanes.ORDER);
    }

    private static void store(DoubleVector vector, long address) {
        vector.intoMemorySegment(Lanes.MEMORY, address, Lanes.ORDER);
    }
}
