// Streamed rows of attention's backward for BF16. They come in strips, of which one is on its way while the
// other is multiplied.
#pragma once
#include "attention_backward.cuh"
#include "attention_bf16.cuh"

constexpr int STRIP = 32; // streamed rows

// Two strips of two kinds of rows, in turn.
template <int WIDTH>
struct Strips {
    static constexpr int SIZE = STRIP * HeadTile<WIDTH>::STRIDE;
    static constexpr int ALL = 4 * SIZE;
    bfloat16* memory;
    int turn;

    __device__ __forceinline__ bfloat16* first() const { return memory + turn * 2 * SIZE; }
    __device__ __forceinline__ bfloat16* second() const { return first() + SIZE; }

    // Starts to bring rows begin … of both kinds.
    __device__ __forceinline__ void fetch(Rows<bfloat16> one, Rows<bfloat16> other, int begin) const {
        fetch_rows<WIDTH, STRIP>(first(), one, begin);
        fetch_rows<WIDTH, STRIP>(second(), other, begin);
        copies_started();
    }
};

typedef float StripProducts[STRIP / 8][4];

// y += weights · a strip.
template <int WIDTH>
TANDEM_DEVICE void add_strip(
        float (&y)[HeadTile<WIDTH>::PIECES][4], const StripProducts& weights, const bfloat16* strip, bool guarded) {
    TANDEM_UNROLL
    for (int row = 0; row < STRIP; row += STEP) {
        uint32 rounded[4];
        round_weights(rounded, weights[row / 8], weights[row / 8 + 1]);
        add_weighted<WIDTH>(y, rounded, strip + row * HeadTile<WIDTH>::STRIDE, guarded);
    }
}
