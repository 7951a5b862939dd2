// float and float4 alike, for kernels that take 16 bytes at a time where they may.
#pragma once
#include "tandem.cuh"

TANDEM_DEVICE float scaled(float x, float w) { return w * x; }
TANDEM_DEVICE float4 scaled(float4 x, float w) { return make_float4(w * x.x, w * x.y, w * x.z, w * x.w); }

TANDEM_DEVICE float plus(float a, float b) { return a + b; }
TANDEM_DEVICE float4 plus(float4 a, float4 b) { return make_float4(a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w); }

TANDEM_DEVICE float product(float a, float b) { return a * b; }
TANDEM_DEVICE float product(float4 a, float4 b) { return a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w; }

// Whether both tensors may be read 16 bytes at a time.
TANDEM_DEVICE bool aligned(const float* a, const float* b, int C) {
    return ((uint64) a | (uint64) b) % sizeof(float4) == 0 && C % 4 == 0;
}
