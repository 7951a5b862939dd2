// Tiles of attention. A block of 256 threads owns 64 rows, which stay in shared
// memory, and walks over tiles of streamed rows: queries that meet keys, or keys that meet queries.
//
// Threads are 16 × 16: thread (x, y) owns rows 4·y … 4·y+3 in every product, so whatever belongs
// to a row is known to half a warp. Of a tile of 64 streamed rows it meets 4·x … 4·x+3, which lie
// at the positions x, 16+x, 32+x and 48+x of shared memory: neighbours share random words, and half
// a warp reads rows that lie side by side, in different banks.
#pragma once
#include "attention.cuh"

constexpr int ATTENTION_THREADS = 256;
constexpr int THREAD_ROWS = 4;
constexpr int ROW_THREADS = 16;

TANDEM_DEVICE int thread_x() { return threadIdx.x % ROW_THREADS; }
TANDEM_DEVICE int first_thread_row() { return threadIdx.x / ROW_THREADS * THREAD_ROWS; }

// Channels that a block has registers for; a wider head is cut into chunks of this width.
template <int WIDTH>
struct Channels {
    static constexpr int STRIDE = WIDTH + 4; // floats from row to row: 16 bytes on in the banks
    static constexpr int OWN_TILE = TILE_ROWS * STRIDE;
    static constexpr int QUADS = WIDTH / 64;
    static constexpr int COUNT = WIDTH / ROW_THREADS; // of a thread: four of each quad, then singles

    // The first channel of a thread's quad, and that of its single register c.
    TANDEM_DEVICE int quad(int n) { return 64 * n + 4 * thread_x(); }
    TANDEM_DEVICE int single(int c) { return ROW_THREADS * c + thread_x(); }
};

// Streamed rows of a tile, and those that one thread meets.
template <int STREAMED>
struct Meetings {
    static constexpr int STRIDE = STREAMED + 4; // of the weights
    static constexpr int COUNT = STREAMED / ROW_THREADS;

    TANDEM_DEVICE int first() { return COUNT * thread_x(); }
};

// ---- memory --------------------------------------------------------------------------------------

TANDEM_DEVICE float4 load_whole(const float* x) { return *reinterpret_cast<const float4*>(x); }

TANDEM_DEVICE float4 load_whole(const bfloat16* x) {
    uint2 bits = *reinterpret_cast<const uint2*>(x);
    return {low_half(bits.x), high_half(bits.x), low_half(bits.y), high_half(bits.y)};
}

// Four channels of which only `left` exist, the others 0.
template <class Element>
TANDEM_DEVICE float4 load_quad(const Element* x, int left, bool aligned) {
    if (aligned && left > 0) {
        return load_whole(x);
    }
    return {left > 0 ? load(x) : 0, left > 1 ? load(x + 1) : 0, left > 2 ? load(x + 2) : 0, left > 3 ? load(x + 3) : 0};
}

template <class Element>
TANDEM_DEVICE float4 load_quad(Rows<Element> rows, int row, int d) {
    int left = row < rows.count ? rows.D - d : 0;
    return load_quad(rows.first + row * rows.stride + d, left, rows.aligned);
}

TANDEM_DEVICE void put_quad(float* tile, float4 quad, float scale) {
    *reinterpret_cast<float4*>(tile) = {quad.x * scale, quad.y * scale, quad.z * scale, quad.w * scale};
}

TANDEM_DEVICE void put_quad(bfloat16* y, float4 quad, float scale) {
    uint32 front = halves(quad.x * scale, quad.y * scale);
    *reinterpret_cast<uint2*>(y) = make_uint2(front, halves(quad.z * scale, quad.w * scale));
}

// The block's own rows begin …, from channel `channel` on.
template <int WIDTH, class Element>
TANDEM_DEVICE void load_own(float* tile, Rows<Element> rows, int begin, int channel) {
    for (int n = threadIdx.x; n < TILE_ROWS * WIDTH / 4; n += ATTENTION_THREADS) {
        int position = n / (WIDTH / 4);
        int d = n % (WIDTH / 4) * 4;
        float4 quad = load_quad(rows, begin + position, channel + d);
        put_quad(tile + position * Channels<WIDTH>::STRIDE + d, quad, rows.scale);
    }
}

template <int WIDTH, int STREAMED, class Element>
TANDEM_DEVICE void load_streamed(float* tile, Rows<Element> rows, int begin, int channel) {
    for (int n = threadIdx.x; n < STREAMED * WIDTH / 4; n += ATTENTION_THREADS) {
        int row = n / (WIDTH / 4);
        int d = n % (WIDTH / 4) * 4;
        int position = row % Meetings<STREAMED>::COUNT * ROW_THREADS + row / Meetings<STREAMED>::COUNT;
        float4 quad = load_quad(rows, begin + row, channel + d);
        put_quad(tile + position * Channels<WIDTH>::STRIDE + d, quad, rows.scale);
    }
}

// Writes a thread's channels of one row, times a scale.
template <int WIDTH, class Element>
TANDEM_DEVICE void store_row(
        Element* y, int channel, int D, bool aligned, const float (&x)[Channels<WIDTH>::COUNT], float scale) {
    constexpr int QUADS = Channels<WIDTH>::QUADS;
    for (int n = 0; n < QUADS; n++) {
        int d = channel + Channels<WIDTH>::quad(n);
        if (aligned && d < D) {
            put_quad(y + d, {x[4 * n], x[4 * n + 1], x[4 * n + 2], x[4 * n + 3]}, scale);
        }
        for (int i = 0; i < 4; i++) {
            if (!aligned && d + i < D) {
                store(y + d + i, x[4 * n + i] * scale);
            }
        }
    }
    for (int c = 4 * QUADS; c < Channels<WIDTH>::COUNT; c++) {
        int d = channel + Channels<WIDTH>::single(c);
        if (d < D) {
            store(y + d, x[c] * scale);
        }
    }
}
