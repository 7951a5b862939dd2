// What a kernel takes of a row at a time: an element, or four of them where address and width allow. It
// computes with floats, one or four.
#pragma once
#include "tandem.cuh"

struct __align__(8) Bfloat16Quad {
    uint32 front;
    uint32 back;
};

// Four elements.
template <class Element>
struct Quad;

template <>
struct Quad<float> {
    typedef float4 Vector;
};

template <>
struct Quad<bfloat16> {
    typedef Bfloat16Quad Vector;
};

// Floats of a vector, and a vector of floats.
TANDEM_DEVICE float widened(float x) { return x; }
TANDEM_DEVICE float4 widened(float4 x) { return x; }
TANDEM_DEVICE float widened(bfloat16 x) { return load(&x); }
TANDEM_DEVICE float4 widened(Bfloat16Quad x) {
    return make_float4(low_half(x.front), high_half(x.front), low_half(x.back), high_half(x.back));
}

TANDEM_DEVICE void narrow(float& y, float x) { y = x; }
TANDEM_DEVICE void narrow(float4& y, float4 x) { y = x; }
TANDEM_DEVICE void narrow(bfloat16& y, float x) { store(&y, x); }
TANDEM_DEVICE void narrow(Bfloat16Quad& y, float4 x) { y = {halves(x.x, x.y), halves(x.z, x.w)}; }

TANDEM_DEVICE float scaled(float x, float w) { return w * x; }
TANDEM_DEVICE float4 scaled(float4 x, float w) { return make_float4(w * x.x, w * x.y, w * x.z, w * x.w); }

TANDEM_DEVICE float plus(float a, float b) { return a + b; }
TANDEM_DEVICE float4 plus(float4 a, float4 b) { return make_float4(a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w); }

TANDEM_DEVICE float product(float a, float b) { return a * b; }
TANDEM_DEVICE float product(float4 a, float4 b) { return a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w; }

// Whether both tensors may be read four elements at a time.
template <class Element>
TANDEM_DEVICE bool aligned(const Element* a, const Element* b, int C) {
    return ((uint64) a | (uint64) b) % (4 * sizeof(Element)) == 0 && C % 4 == 0;
}
