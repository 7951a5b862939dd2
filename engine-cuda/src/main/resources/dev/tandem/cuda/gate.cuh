// What gate.cu and gate_queue.cu share.
#pragma once
#include "tandem.cuh"

// Smallest denominator of the weights.
constexpr float GATE_FLOOR = 0x1p-23f;
