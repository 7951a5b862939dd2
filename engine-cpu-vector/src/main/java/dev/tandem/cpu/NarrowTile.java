package dev.tandem.cpu;

import dev.tandem.engine.ElementType;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/// Weights of fewer than 32 bits on their way into a product: some steps of a panel made F32 for [GemmTile], or
/// multiplied as they come from memory where there is but one row.
///
/// Either way a weight becomes the F32 value that it stands for, and an element of the result the same chain of
/// `fma` as in [GemmTile]: its bits are those of a product with weights of F32 that have these values.
final class NarrowTile {
    /// The half of a lane that is a BF16 value in its place.
    private static final int UPPER_HALF = 0xffff0000;
    /// The byte of a lane that is an integer times [#TOP_UNIT].
    private static final int TOP_BYTE = 0xff000000;
    private static final int TOP_UNIT = 1 << 24;

    private NarrowTile() {}

    /// Writes steps of a panel as `[depth][WIDTH]` in F32.
    ///
    /// @param first even
    /// @param out room for an even number of steps
    static void expand(PanelLayout layout, long panel, int first, int depth, long out) {
        long steps = panel + layout.stepOffset(first);
        if (layout.type() == ElementType.BF16) {
            expandBf16(steps, depth, out);
        } else {
            expandQ8(panel, steps, depth, out);
        }
    }

    private static void expandBf16(long steps, int depth, long out) {
        for (int k = 0; k < depth; k++) {
            IntVector both = Lanes.loadInts(steps + k * (long) Lanes.BYTES);
            Lanes.store(both.lanewise(VectorOperators.LSHL, Short.SIZE), out + k * GemmTile.ROW_BYTES);
            Lanes.store(both.and(UPPER_HALF), out + k * GemmTile.ROW_BYTES + Lanes.BYTES);
        }
    }

    private static void expandQ8(long scales, long steps, int depth, long out) {
        FloatVector left = Lanes.load(scales).div(TOP_UNIT);
        FloatVector right = Lanes.load(scales + Lanes.BYTES).div(TOP_UNIT);
        for (int k = 0; k < depth; k += 2) {
            IntVector four = Lanes.loadInts(steps + (k >> 1) * (long) Lanes.BYTES);
            IntVector first = four.lanewise(VectorOperators.LSHL, 3 * Byte.SIZE);
            IntVector second =
                    four.lanewise(VectorOperators.LSHL, 2 * Byte.SIZE).and(TOP_BYTE);
            IntVector third = four.lanewise(VectorOperators.LSHL, Byte.SIZE).and(TOP_BYTE);
            IntVector fourth = four.and(TOP_BYTE);
            long row = out + k * GemmTile.ROW_BYTES;
            Lanes.store(((FloatVector) first.convert(VectorOperators.I2F, 0)).mul(left), row);
            Lanes.store(((FloatVector) second.convert(VectorOperators.I2F, 0)).mul(right), row + Lanes.BYTES);
            row += GemmTile.ROW_BYTES;
            Lanes.store(((FloatVector) third.convert(VectorOperators.I2F, 0)).mul(left), row);
            Lanes.store(((FloatVector) fourth.convert(VectorOperators.I2F, 0)).mul(right), row + Lanes.BYTES);
        }
    }

    /// One row times two panels that follow each other, as [GemmTile#multiplyPair].
    ///
    /// @param first even
    static void multiplyPair(PanelLayout layout, long panel, int first, int depth, long a, long c, boolean accumulate) {
        long second = panel + layout.panelBytes();
        long offset = layout.stepOffset(first);
        if (layout.type() == ElementType.BF16) {
            multiplyBf16(panel + offset, second + offset, depth, a, c, accumulate);
        } else {
            multiplyQ8(panel, second, offset, depth, a, c, accumulate);
        }
    }

    private static void multiplyBf16(long b, long secondB, int depth, long a, long c, boolean accumulate) {
        FloatVector sum0 = FloatVector.zero(Lanes.F32);
        FloatVector sum1 = FloatVector.zero(Lanes.F32);
        FloatVector sum2 = FloatVector.zero(Lanes.F32);
        FloatVector sum3 = FloatVector.zero(Lanes.F32);
        for (int k = 0; k < depth; k++) {
            FloatVector x = Lanes.broadcast(Lanes.get(a + k * (long) Float.BYTES));
            IntVector both = Lanes.loadInts(b + k * (long) Lanes.BYTES);
            sum0 = both.lanewise(VectorOperators.LSHL, Short.SIZE)
                    .reinterpretAsFloats()
                    .fma(x, sum0);
            sum1 = both.and(UPPER_HALF).reinterpretAsFloats().fma(x, sum1);
            both = Lanes.loadInts(secondB + k * (long) Lanes.BYTES);
            sum2 = both.lanewise(VectorOperators.LSHL, Short.SIZE)
                    .reinterpretAsFloats()
                    .fma(x, sum2);
            sum3 = both.and(UPPER_HALF).reinterpretAsFloats().fma(x, sum3);
        }
        if (accumulate) {
            sum0 = sum0.add(Lanes.load(c));
            sum1 = sum1.add(Lanes.load(c + Lanes.BYTES));
            sum2 = sum2.add(Lanes.load(c + 2L * Lanes.BYTES));
            sum3 = sum3.add(Lanes.load(c + 3L * Lanes.BYTES));
        }
        Lanes.store(sum0, c);
        Lanes.store(sum1, c + Lanes.BYTES);
        Lanes.store(sum2, c + 2L * Lanes.BYTES);
        Lanes.store(sum3, c + 3L * Lanes.BYTES);
    }

    private static void multiplyQ8(
            long panel, long secondPanel, long offset, int depth, long a, long c, boolean accumulate) {
        FloatVector scale0 = Lanes.load(panel).div(TOP_UNIT);
        FloatVector scale1 = Lanes.load(panel + Lanes.BYTES).div(TOP_UNIT);
        FloatVector scale2 = Lanes.load(secondPanel).div(TOP_UNIT);
        FloatVector scale3 = Lanes.load(secondPanel + Lanes.BYTES).div(TOP_UNIT);
        FloatVector sum0 = FloatVector.zero(Lanes.F32);
        FloatVector sum1 = FloatVector.zero(Lanes.F32);
        FloatVector sum2 = FloatVector.zero(Lanes.F32);
        FloatVector sum3 = FloatVector.zero(Lanes.F32);
        for (int k = 0; k < depth; k += 2) {
            long at = offset + (k >> 1) * (long) Lanes.BYTES;
            FloatVector x = Lanes.broadcast(Lanes.get(a + k * (long) Float.BYTES));
            // past the last of an odd number of steps there are zeros, to be multiplied by a number
            FloatVector nextX = Lanes.broadcast(k + 1 < depth ? Lanes.get(a + (k + 1) * (long) Float.BYTES) : 0);
            IntVector four = Lanes.loadInts(panel + at);
            IntVector part = four.lanewise(VectorOperators.LSHL, 3 * Byte.SIZE);
            sum0 = ((FloatVector) part.convert(VectorOperators.I2F, 0))
                    .mul(scale0)
                    .fma(x, sum0);
            part = four.lanewise(VectorOperators.LSHL, 2 * Byte.SIZE).and(TOP_BYTE);
            sum1 = ((FloatVector) part.convert(VectorOperators.I2F, 0))
                    .mul(scale1)
                    .fma(x, sum1);
            part = four.lanewise(VectorOperators.LSHL, Byte.SIZE).and(TOP_BYTE);
            sum0 = ((FloatVector) part.convert(VectorOperators.I2F, 0))
                    .mul(scale0)
                    .fma(nextX, sum0);
            sum1 = ((FloatVector) four.and(TOP_BYTE).convert(VectorOperators.I2F, 0))
                    .mul(scale1)
                    .fma(nextX, sum1);
            four = Lanes.loadInts(secondPanel + at);
            part = four.lanewise(VectorOperators.LSHL, 3 * Byte.SIZE);
            sum2 = ((FloatVector) part.convert(VectorOperators.I2F, 0))
                    .mul(scale2)
                    .fma(x, sum2);
            part = four.lanewise(VectorOperators.LSHL, 2 * Byte.SIZE).and(TOP_BYTE);
            sum3 = ((FloatVector) part.convert(VectorOperators.I2F, 0))
                    .mul(scale3)
                    .fma(x, sum3);
            part = four.lanewise(VectorOperators.LSHL, Byte.SIZE).and(TOP_BYTE);
            sum2 = ((FloatVector) part.convert(VectorOperators.I2F, 0))
                    .mul(scale2)
                    .fma(nextX, sum2);
            sum3 = ((FloatVector) four.and(TOP_BYTE).convert(VectorOperators.I2F, 0))
                    .mul(scale3)
                    .fma(nextX, sum3);
        }
        if (accumulate) {
            sum0 = sum0.add(Lanes.load(c));
            sum1 = sum1.add(Lanes.load(c + Lanes.BYTES));
            sum2 = sum2.add(Lanes.load(c + 2L * Lanes.BYTES));
            sum3 = sum3.add(Lanes.load(c + 3L * Lanes.BYTES));
        }
        Lanes.store(sum0, c);
        Lanes.store(sum1, c + Lanes.BYTES);
        Lanes.store(sum2, c + 2L * Lanes.BYTES);
        Lanes.store(sum3, c + 3L * Lanes.BYTES);
    }
}
