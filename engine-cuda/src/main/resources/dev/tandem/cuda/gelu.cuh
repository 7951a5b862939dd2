// Both forms of GELU and their slopes, from one power of two, because erff and tanhf alone would cost
// more time than the bytes. NaN stays NaN.
#pragma once
#include "tandem.cuh"

// Beyond it both forms equal 0 or x in F32, and no power in them overflows.
constexpr float GELU_FAR = 16;

// fminf and fmaxf would turn NaN into the bound.
TANDEM_DEVICE float gelu_near(float x) {
    float above = x < -GELU_FAR ? -GELU_FAR : x;
    return above > GELU_FAR ? GELU_FAR : above;
}

// Upper tail of the normal distribution for a in 0..16: 2^-(1 + a·P(a)), absolute error 8e-9.
TANDEM_DEVICE float normal_tail(float a) {
    float p = 2.8348597e-6f;
    p = p * a - 3.9377155e-5f;
    p = p * a + 1.8617813e-4f;
    p = p * a + 1.3694052e-4f;
    p = p * a - 7.0634247e-3f;
    p = p * a + 5.249618e-2f;
    p = p * a + 0.4592082f;
    p = p * a + 1.1511052f;
    return exp2f(-1 - p * a);
}

// x·½(1 + erf(x/√2)) = max(x, 0) − |x|·tail(|x|)
TANDEM_DEVICE float gelu_erf(float x) {
    float a = fabsf(gelu_near(x));
    return (x < 0 ? 0 : x) - a * normal_tail(a);
}

// The slope at −a is tail(a)·W(a), absolute error 6e-8; the one at a is the rest to 1.
TANDEM_DEVICE float gelu_erf_slope(float x) {
    float a = fabsf(gelu_near(x));
    float w = -1.4193656e-5f;
    w = w * a + 1.7581512e-4f;
    w = w * a - 7.1617647e-4f;
    w = w * a - 5.806364e-4f;
    w = w * a + 1.967768e-2f;
    w = w * a - 0.10919607f;
    w = w * a - 0.63659793f;
    w = w * a - 0.79788357f;
    w = w * a + 0.9999999f;
    float below = w * normal_tail(a);
    return x > 0 ? 1 - below : below;
}

// With u = √(2/π)(x + 0.044715x³): ½(1 + tanh u) = 1/(1 + q), q = e^(−2u). For x in −16..16; q is
// bounded so that 1 + q stays finite and above what a rounded quotient could tell from 0.
TANDEM_DEVICE float gelu_tanh_power(float x) {
    float exponent = x * (-2.3022082f - 0.10294324f * (x * x));
    return exp2f(exponent > 120 ? 120 : exponent);
}

TANDEM_DEVICE float gelu_tanh(float x) { return __fdividef(x < -GELU_FAR ? 0 : x, 1 + gelu_tanh_power(gelu_near(x))); }

// s + x·s·(1 − s)·2u', s = 1/(1 + q) and 1 − s = q·s
TANDEM_DEVICE float gelu_tanh_slope(float x) {
    float near = gelu_near(x);
    float q = gelu_tanh_power(near);
    float s = __fdividef(1, 1 + q);
    float slope = s + near * (q * s * s) * (1.5957692f + 0.21406445f * (near * near));
    return x < -GELU_FAR ? 0 : slope;
}
