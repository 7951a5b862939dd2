package dev.tandem.cpu;

import dev.tandem.engine.kernel.GeluForm;
import java.lang.foreign.Arena;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// Bias and activation of one vector of columns over some rows.
///
/// Vectors are never passed to a method: where it is not inlined they would be boxed.
final class Activation {
    /// A row of a panel that added to anything leaves it as it is, -0 included. An address, since C2 makes objects of
    /// a vector that either of two branches made.
    private static final long NOTHING = nothing();

    private Activation() {}

    private static long nothing() {
        long row = Arena.global().allocate(GemmTile.ROW_BYTES, Lanes.BYTES).address();
        for (int i = 0; i < GemmTile.WIDTH; i++) {
            Lanes.set(row + (long) i * Float.BYTES, -0f);
        }
        return row;
    }

    /// `y = form(x + bias)`. `y` may be `x`.
    ///
    /// @param x readable up to whole vectors
    /// @param bias 0 for none
    static void apply(GeluForm form, int rows, int lanes, long y, long yStride, long x, long xStride, long bias) {
        switch (form) {
            case ERF -> erf(rows, lanes, y, yStride, x, xStride, bias);
            case TANH -> tanh(rows, lanes, y, yStride, x, xStride, bias);
        }
    }

    /// `y = x + bias`, as above.
    static void shift(int rows, int lanes, long y, long yStride, long x, long xStride, long bias) {
        VectorMask<Float> mask = Lanes.tail(0, lanes);
        FloatVector shift = Lanes.load(bias == 0 ? NOTHING : bias, mask);
        for (int r = 0; r < rows; r++) {
            FloatVector value = Lanes.load(x + r * xStride).add(shift);
            Lanes.store(value, y + r * yStride, mask);
        }
    }

    /// `y = x + bias` for a panel of [GemmTile#WIDTH] columns.
    static void shiftPanel(int rows, long y, long yStride, long x, long xStride, long bias) {
        long shift = bias == 0 ? NOTHING : bias;
        FloatVector left = Lanes.load(shift);
        FloatVector right = Lanes.load(shift + Lanes.BYTES);
        for (int r = 0; r < rows; r++) {
            long from = x + r * xStride;
            long to = y + r * yStride;
            FloatVector shiftedLeft = Lanes.load(from).add(left);
            FloatVector shiftedRight = Lanes.load(from + Lanes.BYTES).add(right);
            Lanes.store(shiftedLeft, to);
            Lanes.store(shiftedRight, to + Lanes.BYTES);
        }
    }

    private static void erf(int rows, int lanes, long y, long yStride, long x, long xStride, long bias) {
        VectorMask<Float> mask = Lanes.tail(0, lanes);
        FloatVector shift = Lanes.load(bias == 0 ? NOTHING : bias, mask);
        for (int r = 0; r < rows; r++) {
            FloatVector value = Lanes.load(x + r * xStride).add(shift);
            Lanes.store(VectorMath.gelu(value), y + r * yStride, mask);
        }
    }

    private static void tanh(int rows, int lanes, long y, long yStride, long x, long xStride, long bias) {
        VectorMask<Float> mask = Lanes.tail(0, lanes);
        FloatVector shift = Lanes.load(bias == 0 ? NOTHING : bias, mask);
        for (int r = 0; r < rows; r++) {
            FloatVector value = Lanes.load(x + r * xStride).add(shift);
            Lanes.store(VectorMath.geluTanh(value), y + r * yStride, mask);
        }
    }
}
