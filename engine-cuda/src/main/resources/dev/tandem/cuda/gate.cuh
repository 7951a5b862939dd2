// What the kernels of the gate share. A lane has every 32nd expert. The number in a kernel's name is the
// values that a lane holds in registers: for up to 64, 256 and 512 experts; with 0 the row, of any
// length, is read again from cache.
#pragma once
#include "tandem.cuh"

constexpr int GATE_WARPS = 8;

// Smallest denominator of the weights.
constexpr float GATE_FLOOR = 0x1p-23f;
