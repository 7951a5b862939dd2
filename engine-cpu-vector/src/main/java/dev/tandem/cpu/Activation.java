package dev.tandem.cpu;

import dev.tandem.engine.kernel.GeluForm;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// Bias and activation of one vector of columns over some rows.
///
/// Vectors are never passed to a method: where it is not inlined they would be boxed.
final class Activation {
    private Activation() {}

    /// `pre = x + bias`, then `y = form(pre)`.
    ///
    /// @param y may be `x`, or `pre` where that need not be kept
    /// @param x readable up to whole vectors
    /// @param bias 0 for none
    static void apply(
            GeluForm form,
            int rows,
            int lanes,
            long y,
            long yStride,
            long pre,
            long preStride,
            long x,
            long xStride,
            long bias) {
        switch (form) {
            case ERF -> erf(rows, lanes, y, yStride, pre, preStride, x, xStride, bias);
            case TANH -> tanh(rows, lanes, y, yStride, pre, preStride, x, xStride, bias);
        }
    }

    /// `pre = dy = dy * form'(pre)`.
    static void applyDerivative(GeluForm form, int rows, int lanes, long pre, long preStride, long dy, long dyStride) {
        switch (form) {
            case ERF -> erfDerivative(rows, lanes, pre, preStride, dy, dyStride);
            case TANH -> tanhDerivative(rows, lanes, pre, preStride, dy, dyStride);
        }
        // Apart, since a load of pre would wait for the store before it where rows lie a multiple of 4 KiB apart.
        shift(rows, lanes, pre, preStride, dy, dyStride, 0);
    }

    /// `y = x + bias`.
    static void shift(int rows, int lanes, long y, long yStride, long x, long xStride, long bias) {
        VectorMask<Float> mask = Lanes.tail(0, lanes);
        FloatVector shift = bias == 0 ? FloatVector.zero(Lanes.F32) : Lanes.load(bias, mask);
        for (int r = 0; r < rows; r++) {
            FloatVector value = Lanes.load(x + r * xStride).add(shift);
            Lanes.store(value, y + r * yStride, mask);
        }
    }

    private static void erf(
            int rows, int lanes, long y, long yStride, long pre, long preStride, long x, long xStride, long bias) {
        VectorMask<Float> mask = Lanes.tail(0, lanes);
        FloatVector shift = bias == 0 ? FloatVector.zero(Lanes.F32) : Lanes.load(bias, mask);
        for (int r = 0; r < rows; r++) {
            FloatVector value = Lanes.load(x + r * xStride).add(shift);
            Lanes.store(value, pre + r * preStride, mask);
            Lanes.store(VectorMath.gelu(value), y + r * yStride, mask);
        }
    }

    private static void tanh(
            int rows, int lanes, long y, long yStride, long pre, long preStride, long x, long xStride, long bias) {
        VectorMask<Float> mask = Lanes.tail(0, lanes);
        FloatVector shift = bias == 0 ? FloatVector.zero(Lanes.F32) : Lanes.load(bias, mask);
        for (int r = 0; r < rows; r++) {
            FloatVector value = Lanes.load(x + r * xStride).add(shift);
            Lanes.store(value, pre + r * preStride, mask);
            Lanes.store(VectorMath.geluTanh(value), y + r * yStride, mask);
        }
    }

    private static void erfDerivative(int rows, int lanes, long pre, long preStride, long dy, long dyStride) {
        VectorMask<Float> mask = Lanes.tail(0, lanes);
        for (int r = 0; r < rows; r++) {
            long at = dy + r * dyStride;
            FloatVector slope = VectorMath.geluDerivative(Lanes.load(pre + r * preStride, mask));
            Lanes.store(slope.mul(Lanes.load(at, mask)), at, mask);
        }
    }

    private static void tanhDerivative(int rows, int lanes, long pre, long preStride, long dy, long dyStride) {
        VectorMask<Float> mask = Lanes.tail(0, lanes);
        for (int r = 0; r < rows; r++) {
            long at = dy + r * dyStride;
            FloatVector slope = VectorMath.geluTanhDerivative(Lanes.load(pre + r * preStride, mask));
            Lanes.store(slope.mul(Lanes.load(at, mask)), at, mask);
        }
    }
}
