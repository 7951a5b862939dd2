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
    /// The byte of a lane that is an integer times [#TOP_UNIT]: with its sign in place, so that it needs no extension.
    /// Scales are divided by that unit, exactly where they are at least 2^-102.
    private static final int TOP_BYTE = 0xff000000;
    private static final int TOP_UNIT = 1 << 24;

    private NarrowTile() {}

    /// Writes steps of a panel as `[depth][WIDTH]` in F32.
    static void expand(PanelLayout layout, long weight, int panel, int first, int depth, long out) {
        long start = weight + layout.panelOffset(panel);
        long steps = start + layout.stepOffset(first);
        if (layout.type() == ElementType.BF16) {
            expandBf16(steps, depth, out);
        } else {
            int second = panel % 2;
            expandQ8(start + second * GemmTile.ROW_BYTES, second, steps, depth, out);
        }
    }

    private static void expandBf16(long steps, int depth, long out) {
        for (int k = 0; k < depth; k++) {
            IntVector both = Lanes.loadInts(steps + k * (long) Lanes.BYTES);
            Lanes.store(both.lanewise(VectorOperators.LSHL, Short.SIZE), out + k * GemmTile.ROW_BYTES);
            Lanes.store(both.and(UPPER_HALF), out + k * GemmTile.ROW_BYTES + Lanes.BYTES);
        }
    }

    /// @param second 1 for the second of two panels that lie together, else 0
    private static void expandQ8(long scales, int second, long steps, int depth, long out) {
        FloatVector leftScale = Lanes.load(scales).div(TOP_UNIT);
        FloatVector rightScale = Lanes.load(scales + Lanes.BYTES).div(TOP_UNIT);
        int leftShift = (3 - 2 * second) * Byte.SIZE;
        int rightShift = leftShift - Byte.SIZE;
        for (int k = 0; k < depth; k++) {
            IntVector four = Lanes.loadInts(steps + k * (long) Lanes.BYTES);
            IntVector left = four.lanewise(VectorOperators.LSHL, leftShift).and(TOP_BYTE);
            IntVector right = four.lanewise(VectorOperators.LSHL, rightShift).and(TOP_BYTE);
            long row = out + k * GemmTile.ROW_BYTES;
            Lanes.store(((FloatVector) left.convert(VectorOperators.I2F, 0)).mul(leftScale), row);
            Lanes.store(((FloatVector) right.convert(VectorOperators.I2F, 0)).mul(rightScale), row + Lanes.BYTES);
        }
    }

    /// Steps of one row times two panels of BF16, added to `sums`: a row of two panels.
    static void addBf16(long b, long secondB, int depth, long a, long sums) {
        FloatVector sum0 = Lanes.load(sums);
        FloatVector sum1 = Lanes.load(sums + Lanes.BYTES);
        FloatVector sum2 = Lanes.load(sums + 2L * Lanes.BYTES);
        FloatVector sum3 = Lanes.load(sums + 3L * Lanes.BYTES);
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
        Lanes.store(sum0, sums);
        Lanes.store(sum1, sums + Lanes.BYTES);
        Lanes.store(sum2, sums + 2L * Lanes.BYTES);
        Lanes.store(sum3, sums + 3L * Lanes.BYTES);
    }

    /// Writes the scales of the columns of two panels, divided by [#TOP_UNIT]. A method of its own, because C2 has too
    /// many nodes for it in [#addQ8].
    static void units(long scales, long units) {
        for (long at = 0; at < 2 * GemmTile.ROW_BYTES; at += Lanes.BYTES) {
            Lanes.store(Lanes.load(scales + at).div(TOP_UNIT), units + at);
        }
    }

    /// As [#addBf16] for two panels of Q8, which lie together.
    static void addQ8(long units, long b, int depth, long a, long sums) {
        IntVector top = IntVector.broadcast(Lanes.I32, TOP_BYTE);
        FloatVector scale0 = Lanes.load(units);
        FloatVector scale1 = Lanes.load(units + Lanes.BYTES);
        FloatVector scale2 = Lanes.load(units + 2L * Lanes.BYTES);
        FloatVector scale3 = Lanes.load(units + 3L * Lanes.BYTES);
        FloatVector sum0 = Lanes.load(sums);
        FloatVector sum1 = Lanes.load(sums + Lanes.BYTES);
        FloatVector sum2 = Lanes.load(sums + 2L * Lanes.BYTES);
        FloatVector sum3 = Lanes.load(sums + 3L * Lanes.BYTES);
        for (int k = 0; k < depth; k++) {
            FloatVector x = Lanes.broadcast(Lanes.get(a + k * (long) Float.BYTES));
            IntVector four = Lanes.loadInts(b + k * (long) Lanes.BYTES);
            IntVector part = four.lanewise(VectorOperators.LSHL, 3 * Byte.SIZE);
            sum0 = ((FloatVector) part.convert(VectorOperators.I2F, 0))
                    .mul(scale0)
                    .fma(x, sum0);
            part = four.lanewise(VectorOperators.LSHL, 2 * Byte.SIZE).and(top);
            sum1 = ((FloatVector) part.convert(VectorOperators.I2F, 0))
                    .mul(scale1)
                    .fma(x, sum1);
            part = four.lanewise(VectorOperators.LSHL, Byte.SIZE).and(top);
            sum2 = ((FloatVector) part.convert(VectorOperators.I2F, 0))
                    .mul(scale2)
                    .fma(x, sum2);
            part = four.and(top);
            sum3 = ((FloatVector) part.convert(VectorOperators.I2F, 0))
                    .mul(scale3)
                    .fma(x, sum3);
        }
        Lanes.store(sum0, sums);
        Lanes.store(sum1, sums + Lanes.BYTES);
        Lanes.store(sum2, sums + 2L * Lanes.BYTES);
        Lanes.store(sum3, sums + 3L * Lanes.BYTES);
    }
}
