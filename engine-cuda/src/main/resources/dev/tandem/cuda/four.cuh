// Four elements of a thread at once, for kernels that are bound by bytes: one access of 16 bytes where
// the address allows, else single ones.
#pragma once
#include "tandem.cuh"

struct Four {
    float at[4];
};

// Whether 16 bytes may be accessed at once.
TANDEM_DEVICE bool wide(const float* address) { return ((uint64) address & 15) == 0; }

// First element of a thread that takes four of x, and how far it is to its next four. Starts up to
// three elements before x, so that all of x but its ends is wide.
TANDEM_DEVICE int64 first_four(const float* x) {
    return 4 * first_element() - (int64) ((uint64) x / sizeof(float) % 4);
}
TANDEM_DEVICE int64 four_stride() { return 4 * element_stride(); }

// x[i] … x[i + 3]; absent for those outside of 0..count - 1.
TANDEM_DEVICE Four load_four(const float* x, int64 i, int64 count, float absent = 0) {
    if (i >= 0 && i + 4 <= count && wide(x + i)) {
        float4 whole = *reinterpret_cast<const float4*>(x + i);
        return {{whole.x, whole.y, whole.z, whole.w}};
    }
    Four four;
    for (int k = 0; k < 4; k++) {
        four.at[k] = i + k >= 0 && i + k < count ? load(x + i + k) : absent;
    }
    return four;
}

// Writes what load_four reads.
TANDEM_DEVICE void store_four(float* y, int64 i, int64 count, Four four) {
    if (i >= 0 && i + 4 <= count && wide(y + i)) {
        *reinterpret_cast<float4*>(y + i) = make_float4(four.at[0], four.at[1], four.at[2], four.at[3]);
        return;
    }
    for (int k = 0; k < 4; k++) {
        if (i + k >= 0 && i + k < count) {
            store(y + i + k, four.at[k]);
        }
    }
}
