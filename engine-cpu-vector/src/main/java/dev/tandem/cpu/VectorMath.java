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
/// | [#exp2]                    | 1 ulp                        | `x <= 127`; 0 below -64             |
/// | [#exp]                     | 1 ulp                        | `x <= 88`; 0 below -44.36           |
/// | [#gelu], [#geluTanh]       | 1.5e-7 of max(1, abs x)      | all                                 |
/// | their derivatives          | 3e-7                         | all                                 |
///
/// Powers below 2^-64 are 0: beside the 1 of a softmax or of a GELU they are far below F32's last
/// place, yet times a small gradient they would be subnormal. A product that reads a subnormal number
/// takes these processors a hundred cycles and more, and Java cannot tell them to take it for 0.
///
/// NaN stays NaN everywhere, so a broken loss cannot hide.
///
/// C2 inlines nothing more once a method has some forty vector operations, and what it leaves as a
/// call boxes its vectors. So every loop over these functions holds one of them once, leaves a tail to a
/// method of its own or a mask, and is compiled by itself (`config/jvm.args`).
final class VectorMath {
    // Vectors, since a broadcast at the place of use costs C2 many nodes: past its limit for inlining it
    // leaves the rest of a function as calls, which box their vectors.
    private static final FloatVector ZERO = constant(0);
    private static final FloatVector ONE = constant(1);
    private static final FloatVector MINUS_ONE = constant(-1);
    private static final FloatVector LOG2_E = constant((float) 1.4426950408889634);
    static final double LOG2_E_EXACT = 1.4426950408889634;
    static final double LN_2 = 0.6931471805599453;
    private static final FloatVector LOG2_E_REST = constant(1.925963e-8f);

    // Adding it rounds to an integer and leaves that integer in the low bits.
    private static final FloatVector ROUNDING = constant(0x1.8p23f);
    private static final int FRACTION_BITS = 23;
    private static final FloatVector LEAST = constant(-64);
    private static final FloatVector LEAST_NATURAL = constant((float) (-64 * LN_2));
    // Its power has the bits of 0, see [#scaled].
    private static final FloatVector NOTHING = constant(-127);

    // 2^r = 1 + r*(...), minimax on [-1/2, 1/2], relative error 2e-9
    private static final FloatVector E1 = constant(0.6931472f);
    private static final FloatVector E2 = constant(0.24022648f);
    private static final FloatVector E3 = constant(0.055503324f);
    private static final FloatVector E4 = constant(0.009618437f);
    private static final FloatVector E5 = constant(0.0013398874f);
    private static final FloatVector E6 = constant(0.00015353362f);

    // Upper tail of the normal distribution, Q(a) = 2^-(1 + a*P(a)), absolute error 8e-9, a >= 0
    private static final FloatVector P0 = constant(-1.1511052f);
    private static final FloatVector P1 = constant(-0.4592082f);
    private static final FloatVector P2 = constant(-0.05249618f);
    private static final FloatVector P3 = constant(0.0070634247f);
    private static final FloatVector P4 = constant(-0.00013694052f);
    private static final FloatVector P5 = constant(-0.00018617813f);
    private static final FloatVector P6 = constant(3.9377155e-5f);
    private static final FloatVector P7 = constant(-2.8348597e-6f);

    // gelu'(-a) = Q(a)*W(a), absolute error 6e-8
    private static final FloatVector W0 = constant(0.9999999f);
    private static final FloatVector W1 = constant(-0.79788357f);
    private static final FloatVector W2 = constant(-0.63659793f);
    private static final FloatVector W3 = constant(-0.10919607f);
    private static final FloatVector W4 = constant(0.01967768f);
    private static final FloatVector W5 = constant(-0.0005806364f);
    private static final FloatVector W6 = constant(-0.00071617647f);
    private static final FloatVector W7 = constant(0.00017581512f);
    private static final FloatVector W8 = constant(-1.4193656e-5f);

    // Beyond it the error function's form equals 0 or x, and its polynomials stay small.
    private static final FloatVector FAR = constant(16);
    // Beyond it the other form is within 2^-67 of 0 or x.
    private static final FloatVector TANH_FAR = constant(8);
    private static final FloatVector MINUS_TANH_FAR = constant(-8);

    // tanh form: gelu = x / (1 + 2^(-x*(T1 + T3*x^2)))
    private static final double TANH_SLOPE = 2 * 0.7978845608028654 * 1.4426950408889634;
    private static final FloatVector MINUS_T1 = constant((float) -TANH_SLOPE);
    private static final FloatVector MINUS_T3 = constant((float) -(TANH_SLOPE * 0.044715));
    private static final FloatVector T1_NATURAL = constant((float) (2 * 0.7978845608028654));
    private static final FloatVector T3_NATURAL = constant((float) (2 * 0.7978845608028654 * 3 * 0.044715));

    private VectorMath() {}

    private static FloatVector constant(float value) {
        return FloatVector.broadcast(Lanes.F32, value);
    }

    /// 2 to the power x.
    static FloatVector exp2(FloatVector x) {
        // A comparison, because max costs six instructions to treat NaN as Java does.
        FloatVector y = x.blend(NOTHING, x.compare(VectorOperators.LT, LEAST));
        FloatVector shifted = y.add(ROUNDING);
        FloatVector r = y.sub(shifted.sub(ROUNDING));
        return scaled(polynomial(r), shifted);
    }

    /// e to the power x.
    static FloatVector exp(FloatVector x) {
        VectorMask<Float> small = x.compare(VectorOperators.LT, LEAST_NATURAL);
        FloatVector y = x.blend(LEAST_NATURAL, small);
        FloatVector shifted = y.fma(LOG2_E, ROUNDING);
        FloatVector whole = shifted.sub(ROUNDING);
        FloatVector r = y.fma(LOG2_E_REST, y.fma(LOG2_E, whole.neg()));
        return scaled(polynomial(r), shifted).blend(ZERO, small);
    }

    private static FloatVector polynomial(FloatVector r) {
        FloatVector square = r.mul(r);
        FloatVector p = r.fma(E6, E5).fma(square, r.fma(E4, E3));
        return p.fma(square, r.fma(E2, E1)).fma(r, ONE);
    }

    /// `p * 2^n`, n in the low bits of `shifted`. For p = 1, n = -127 the bits are those of 0.
    private static FloatVector scaled(FloatVector p, FloatVector shifted) {
        IntVector exponent = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, FRACTION_BITS);
        return p.reinterpretAsInts().add(exponent).reinterpretAsFloats();
    }

    /// `x * (1 + erf(x / sqrt 2)) / 2 = max(x, 0) - abs(x) * Q(abs x)`.
    static FloatVector gelu(FloatVector x) {
        FloatVector a = near(x.abs());
        FloatVector positive = x.blend(ZERO, x.compare(VectorOperators.LT, ZERO));
        return a.neg().fma(upperTail(a), positive);
    }

    /// Derivative of [#gelu]; the one at -a is one minus the one at a.
    static FloatVector geluDerivative(FloatVector x) {
        FloatVector a = near(x.abs());
        FloatVector w = a.fma(W8, W7);
        w = w.fma(a, W6);
        w = w.fma(a, W5);
        w = w.fma(a, W4);
        w = w.fma(a, W3);
        w = w.fma(a, W2);
        w = w.fma(a, W1);
        w = w.fma(a, W0);
        FloatVector below = w.mul(upperTail(a));
        return below.blend(ONE.sub(below), x.compare(VectorOperators.GT, ZERO));
    }

    private static FloatVector near(FloatVector a) {
        return a.blend(FAR, a.compare(VectorOperators.GT, FAR));
    }

    private static FloatVector upperTail(FloatVector a) {
        FloatVector square = a.mul(a);
        FloatVector p = a.fma(P7, P6).fma(square, a.fma(P5, P4));
        p = p.fma(square, a.fma(P3, P2)).fma(square, a.fma(P1, P0));
        return exp2(p.fma(a, MINUS_ONE));
    }

    /// `x * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3))) / 2 = x / (1 + q)`.
    static FloatVector geluTanh(FloatVector x) {
        VectorMask<Float> below = x.compare(VectorOperators.LT, MINUS_TANH_FAR);
        return x.blend(ZERO, below).div(tanhPower(bounded(x, below)).add(ONE));
    }

    /// Derivative of [#geluTanh]: `s + x * s * (1 - s) * u'(x)`, s = 1 / (1 + q) and 1 - s = q * s.
    static FloatVector geluTanhDerivative(FloatVector x) {
        VectorMask<Float> below = x.compare(VectorOperators.LT, MINUS_TANH_FAR);
        FloatVector near = bounded(x, below);
        FloatVector q = tanhPower(near);
        FloatVector s = ONE.div(q.add(ONE));
        FloatVector slope = near.mul(near).fma(T3_NATURAL, T1_NATURAL);
        FloatVector rest = q.mul(s).mul(s).mul(near);
        return rest.fma(slope, s).blend(ZERO, below);
    }

    private static FloatVector bounded(FloatVector x, VectorMask<Float> below) {
        return x.blend(MINUS_TANH_FAR, below).blend(TANH_FAR, x.compare(VectorOperators.GT, TANH_FAR));
    }

    /// `q = 2^(-x * (T1 + T3 x^2))`, below 2^72 for what is not far.
    private static FloatVector tanhPower(FloatVector x) {
        return exp2(x.mul(x).fma(MINUS_T3, MINUS_T1).mul(x));
    }
}
