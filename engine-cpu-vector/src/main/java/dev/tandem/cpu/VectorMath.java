package dev.tandem.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/// Elementary functions on vectors, from arithmetic alone: the same bits at every width, interpreted
/// or compiled, which `VectorOperators.EXP` and its kind do not promise.
///
/// | function                   | error                        | domain                              |
/// |----------------------------|------------------------------|-------------------------------------|
/// | [#exp2]                    | 1 ulp                        | `x <= 127`; 0 below -127            |
/// | [#exp]                     | 1 ulp                        | `x <= 88`; 0 below -87.3            |
/// | [#gelu], [#geluTanh]       | 1.5e-7 of max(1, abs x)      | all                                 |
/// | their derivatives          | 3e-7                         | all                                 |
///
/// NaN stays NaN everywhere, so a broken loss cannot hide.
final class VectorMath {
    private static final float LOG2_E = (float) 1.4426950408889634;
    static final double LOG2_E_EXACT = 1.4426950408889634;
    static final double LN_2 = 0.6931471805599453;
    private static final float LOG2_E_REST = 1.925963e-8f;

    // Adding it rounds to an integer and leaves that integer in the low bits.
    private static final float ROUNDING = 0x1.8p23f;
    private static final int FRACTION_BITS = 23;
    private static final float SMALLEST = -127;
    private static final float SMALLEST_EXP = -87.3f;

    // 2^r = 1 + r*(...), minimax on [-1/2, 1/2], relative error 2e-9
    private static final float E1 = 0.6931472f;
    private static final float E2 = 0.24022648f;
    private static final float E3 = 0.055503324f;
    private static final float E4 = 0.009618437f;
    private static final float E5 = 0.0013398874f;
    private static final float E6 = 0.00015353362f;

    // Upper tail of the normal distribution, Q(a) = 2^-(1 + a*P(a)), absolute error 8e-9, a >= 0
    private static final float P0 = 1.1511052f;
    private static final float P1 = 0.4592082f;
    private static final float P2 = 0.05249618f;
    private static final float P3 = -0.0070634247f;
    private static final float P4 = 0.00013694052f;
    private static final float P5 = 0.00018617813f;
    private static final float P6 = -3.9377155e-5f;
    private static final float P7 = 2.8348597e-6f;

    // gelu'(-a) = Q(a)*W(a), absolute error 6e-8
    private static final float W0 = 0.9999999f;
    private static final float W1 = -0.79788357f;
    private static final float W2 = -0.63659793f;
    private static final float W3 = -0.10919607f;
    private static final float W4 = 0.01967768f;
    private static final float W5 = -0.0005806364f;
    private static final float W6 = -0.00071617647f;
    private static final float W7 = 0.00017581512f;
    private static final float W8 = -1.4193656e-5f;

    // Beyond it both forms equal 0 or x in F32, and no power in them overflows.
    private static final float FAR = 16;

    // tanh form: gelu = x / (1 + 2^(-x*(T1 + T3*x^2)))
    private static final double TANH_SLOPE = 2 * 0.7978845608028654 * 1.4426950408889634;
    private static final float T1 = (float) TANH_SLOPE;
    private static final float T3 = (float) (TANH_SLOPE * 0.044715);
    private static final float T1_NATURAL = (float) (2 * 0.7978845608028654);
    private static final float T3_NATURAL = (float) (2 * 0.7978845608028654 * 3 * 0.044715);

    private static final float TANH_LARGEST = 120;

    private VectorMath() {}

    private static FloatVector constant(float value) {
        return FloatVector.broadcast(Lanes.F32, value);
    }

    /// 2 to the power x.
    static FloatVector exp2(FloatVector x) {
        // A comparison, because max costs six instructions to treat NaN as Java does.
        FloatVector y = x.blend(SMALLEST, x.compare(VectorOperators.LT, SMALLEST));
        FloatVector shifted = y.add(ROUNDING);
        FloatVector r = y.sub(shifted.sub(ROUNDING));
        return scaled(polynomial(r), shifted);
    }

    /// e to the power x.
    static FloatVector exp(FloatVector x) {
        VectorMask<Float> small = x.compare(VectorOperators.LT, SMALLEST_EXP);
        FloatVector y = x.blend(SMALLEST_EXP, small);
        FloatVector shifted = y.fma(constant(LOG2_E), constant(ROUNDING));
        FloatVector whole = shifted.sub(ROUNDING);
        FloatVector r = y.fma(constant(LOG2_E_REST), y.fma(constant(LOG2_E), whole.neg()));
        return scaled(polynomial(r), shifted).blend(0, small);
    }

    private static FloatVector polynomial(FloatVector r) {
        FloatVector p = r.fma(constant(E6), constant(E5));
        p = p.fma(r, constant(E4));
        p = p.fma(r, constant(E3));
        p = p.fma(r, constant(E2));
        p = p.fma(r, constant(E1));
        return p.fma(r, constant(1));
    }

    /// `p * 2^n`, n in the low bits of `shifted`. For p = 1, n = -127 the bits are those of 0.
    private static FloatVector scaled(FloatVector p, FloatVector shifted) {
        IntVector exponent = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, FRACTION_BITS);
        return p.reinterpretAsInts().add(exponent).reinterpretAsFloats();
    }

    /// `x * (1 + erf(x / sqrt 2)) / 2 = max(x, 0) - abs(x) * Q(abs x)`.
    static FloatVector gelu(FloatVector x) {
        FloatVector a = near(x.abs());
        FloatVector positive = x.blend(0, x.compare(VectorOperators.LT, 0));
        return a.neg().fma(upperTail(a), positive);
    }

    /// Derivative of [#gelu]; the one at -a is one minus the one at a.
    static FloatVector geluDerivative(FloatVector x) {
        FloatVector a = near(x.abs());
        FloatVector w = a.fma(constant(W8), constant(W7));
        w = w.fma(a, constant(W6));
        w = w.fma(a, constant(W5));
        w = w.fma(a, constant(W4));
        w = w.fma(a, constant(W3));
        w = w.fma(a, constant(W2));
        w = w.fma(a, constant(W1));
        w = w.fma(a, constant(W0));
        FloatVector below = w.mul(upperTail(a));
        return below.blend(constant(1).sub(below), x.compare(VectorOperators.GT, 0));
    }

    private static FloatVector near(FloatVector a) {
        return a.blend(FAR, a.compare(VectorOperators.GT, FAR));
    }

    private static FloatVector upperTail(FloatVector a) {
        FloatVector p = a.fma(constant(P7), constant(P6));
        p = p.fma(a, constant(P5));
        p = p.fma(a, constant(P4));
        p = p.fma(a, constant(P3));
        p = p.fma(a, constant(P2));
        p = p.fma(a, constant(P1));
        p = p.fma(a, constant(P0));
        return exp2(p.neg().fma(a, constant(-1)));
    }

    /// `x * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3))) / 2 = x / (1 + q)`.
    static FloatVector geluTanh(FloatVector x) {
        VectorMask<Float> below = x.compare(VectorOperators.LT, -FAR);
        return x.blend(0, below).div(tanhPower(bounded(x, below)).add(1));
    }

    /// Derivative of [#geluTanh]: `s + x * s * (1 - s) * u'(x)`, s = 1 / (1 + q) and 1 - s = q * s.
    static FloatVector geluTanhDerivative(FloatVector x) {
        VectorMask<Float> below = x.compare(VectorOperators.LT, -FAR);
        FloatVector near = bounded(x, below);
        FloatVector q = tanhPower(near);
        FloatVector s = constant(1).div(q.add(1));
        FloatVector slope = near.mul(near).fma(constant(T3_NATURAL), constant(T1_NATURAL));
        FloatVector rest = q.mul(s).mul(s).mul(near);
        return rest.fma(slope, s).blend(0, below);
    }

    private static FloatVector bounded(FloatVector x, VectorMask<Float> below) {
        return x.blend(-FAR, below).blend(FAR, x.compare(VectorOperators.GT, FAR));
    }

    /// `q = 2^(-x * (T1 + T3 x^2))`, not above what leaves 1 + q finite.
    private static FloatVector tanhPower(FloatVector x) {
        FloatVector u = x.mul(x).fma(constant(-T3), constant(-T1)).mul(x);
        return exp2(u.blend(TANH_LARGEST, u.compare(VectorOperators.GT, TANH_LARGEST)));
    }
}
