// Four elements of a thread at once, for kernels that are bound by bytes: one access of 16 bytes, or of 8
// for 16-bit floats, where the address allows, else single ones.
#pragma once
#include "tandem.cuh"

struct Four {
    float at[4];
};

// Whether four elements may be accessed at once.
template <class Element>
TANDEM_DEVICE bool wide(const Element* address) { return (uint64) address % (4 * sizeof(Element)) == 0; }

// First element of a thread that takes four of x, and how far it is to its next four. Starts up to
// three elements before x, so that all of x but its ends is wide.
template <class Element>
TANDEM_DEVICE int64 first_four(const Element* x) {
    return 4 * first_element() - (int64) ((uint64) x / sizeof(Element) % 4);
}
TANDEM_DEVICE int64 four_stride() { return 4 * element_stride(); }

TANDEM_DEVICE Four load_wide(const float* x) {
    float4 whole = *reinterpret_cast<const float4*>(x);
    return {{whole.x, whole.y, whole.z, whole.w}};
}

TANDEM_DEVICE Four load_wide(const bfloat16* x) {
    uint2 bits = *reinterpret_cast<const uint2*>(x);
    return {{low_half(bits.x), high_half(bits.x), low_half(bits.y), high_half(bits.y)}};
}

TANDEM_DEVICE void store_wide(float* y, Four four) {
    *reinterpret_cast<float4*>(y) = make_float4(four.at[0], four.at[1], four.at[2], four.at[3]);
}

TANDEM_DEVICE void store_wide(bfloat16* y, Four four) {
    *reinterpret_cast<uint2*>(y) = make_uint2(halves(four.at[0], four.at[1]), halves(four.at[2], four.at[3]));
}

// x[i] … x[i + 3]; absent for those outside of 0..count - 1.
template <class Element>
TANDEM_DEVICE Four load_four(const Element* x, int64 i, int64 count, float absent = 0) {
    if (i >= 0 && i + 4 <= count && wide(x + i)) {
        return load_wide(x + i);
    }
    Four four;
    for (int k = 0; k < 4; k++) {
        four.at[k] = i + k >= 0 && i + k < count ? load(x + i + k) : absent;
    }
    return four;
}

// Writes what load_four reads.
template <class Element>
TANDEM_DEVICE void store_four(Element* y, int64 i, int64 count, Four four) {
    if (i >= 0 && i + 4 <= count && wide(y + i)) {
        store_wide(y + i, four);
        return;
    }
    for (int k = 0; k < 4; k++) {
        if (i + k >= 0 && i + k < count) {
            store(y + i + k, four.at[k]);
        }
    }
}
