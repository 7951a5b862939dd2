// Products of attention's tiles without tensor cores, and what happens to scores between them.
#pragma once
#include "attention_tile.cuh"

// ---- products ------------------------------------------------------------------------------------

TANDEM_DEVICE float add_dot(float sum, float4 a, float4 b) {
    sum += a.x * b.x;
    sum += a.y * b.y;
    sum += a.z * b.z;
    return sum + a.w * b.w;
}

// s[r][c] += ⟨own row, streamed row⟩ over the first `depth` channels of two tiles.
template <int WIDTH, int STREAMED>
TANDEM_DEVICE void add_scores(
        float (&s)[THREAD_ROWS][Meetings<STREAMED>::COUNT], const float* own, const float* streamed, int depth) {
    constexpr int COUNT = Meetings<STREAMED>::COUNT;
    constexpr int STRIDE = Channels<WIDTH>::STRIDE;
    const float* a = own + first_thread_row() * STRIDE;
    const float* b = streamed + thread_x() * STRIDE;
    TANDEM_ROLLED
    for (int d = 0; d < depth; d += 4) {
        float4 left[THREAD_ROWS];
        for (int r = 0; r < THREAD_ROWS; r++) {
            left[r] = *reinterpret_cast<const float4*>(a + r * STRIDE + d);
        }
        for (int c = 0; c < COUNT; c++) {
            float4 right = *reinterpret_cast<const float4*>(b + c * ROW_THREADS * STRIDE + d);
            for (int r = 0; r < THREAD_ROWS; r++) {
                s[r][c] = add_dot(s[r][c], left[r], right);
            }
        }
    }
}

// A tile of the block's own rows.
template <class Element>
struct OwnTile {
    float* tile;
    Rows<Element> rows;
    int begin;
    bool loaded; // stays so where one tile holds all channels
};

// s = products of the own rows against streamed rows begin …, which are left in the tile `streamed`, the
// last chunk of their channels at least. Begins with a barrier, behind which that tile is free.
template <int WIDTH, int STREAMED, class Element>
TANDEM_DEVICE void meet(
        float (&s)[THREAD_ROWS][Meetings<STREAMED>::COUNT],
        OwnTile<Element>& own,
        float* streamed,
        Rows<Element> rows,
        int begin) {
    for (int r = 0; r < THREAD_ROWS; r++) {
        for (int c = 0; c < Meetings<STREAMED>::COUNT; c++) {
            s[r][c] = 0;
        }
    }
    for (int channel = 0; channel < rows.D; channel += WIDTH) {
        __syncthreads(); // the tiles are free
        if (!own.loaded) {
            load_own<WIDTH>(own.tile, own.rows, own.begin, channel);
        }
        load_streamed<WIDTH, STREAMED>(streamed, rows, begin, channel);
        __syncthreads(); // the tiles are full
        add_scores<WIDTH, STREAMED>(s, own.tile, streamed, min(WIDTH, rows.D - channel));
    }
    own.loaded = rows.D <= WIDTH;
}

// Puts a chunk of channels of streamed rows into a tile that others may still read.
template <int WIDTH, int STREAMED, class Element>
TANDEM_DEVICE void replace(float* streamed, Rows<Element> rows, int begin, int channel) {
    __syncthreads(); // the tile is free
    load_streamed<WIDTH, STREAMED>(streamed, rows, begin, channel);
    __syncthreads(); // the tile is full
}

// Lays weights[own row][position] down for add_weighted. Half a warp writes its rows and reads no
// others, so a barrier of the warp is enough.
template <int STREAMED>
TANDEM_DEVICE void put_weights(float* weights, const float (&w)[THREAD_ROWS][Meetings<STREAMED>::COUNT]) {
    __syncwarp(); // older weights have been read
    for (int r = 0; r < THREAD_ROWS; r++) {
        float* row = weights + (first_thread_row() + r) * Meetings<STREAMED>::STRIDE + thread_x();
        for (int c = 0; c < Meetings<STREAMED>::COUNT; c++) {
            row[c * ROW_THREADS] = w[r][c];
        }
    }
    __syncwarp(); // these can be read
}

// A thread's channels of a row of a tile.
template <int WIDTH>
TANDEM_DEVICE void get_channels(float (&x)[Channels<WIDTH>::COUNT], const float* row) {
    constexpr int QUADS = Channels<WIDTH>::QUADS;
    for (int n = 0; n < QUADS; n++) {
        float4 quad = *reinterpret_cast<const float4*>(row + Channels<WIDTH>::quad(n));
        x[4 * n] = quad.x;
        x[4 * n + 1] = quad.y;
        x[4 * n + 2] = quad.z;
        x[4 * n + 3] = quad.w;
    }
    for (int c = 4 * QUADS; c < Channels<WIDTH>::COUNT; c++) {
        x[c] = row[Channels<WIDTH>::single(c)];
    }
}

// y[r][c] += Σ weights[own row][position] · streamed[position][channel]. GUARDED leaves weights of 0
// out, so that what a row must not see cannot reach it as 0 · NaN.
template <int WIDTH, int STREAMED, bool GUARDED>
TANDEM_DEVICE void add_weighted(
        float (&y)[THREAD_ROWS][Channels<WIDTH>::COUNT], const float* weights, const float* streamed) {
    constexpr int STRIDE = Meetings<STREAMED>::STRIDE;
    const float* rows = weights + first_thread_row() * STRIDE;
    for (int position = 0; position < STREAMED; position += 4) {
        float w[4][THREAD_ROWS];
        for (int r = 0; r < THREAD_ROWS; r++) {
            float4 quad = *reinterpret_cast<const float4*>(rows + r * STRIDE + position);
            w[0][r] = quad.x;
            w[1][r] = quad.y;
            w[2][r] = quad.z;
            w[3][r] = quad.w;
        }
        for (int i = 0; i < 4; i++) {
            float x[Channels<WIDTH>::COUNT];
            get_channels<WIDTH>(x, streamed + (position + i) * Channels<WIDTH>::STRIDE);
            for (int r = 0; r < THREAD_ROWS; r++) {
                for (int c = 0; c < Channels<WIDTH>::COUNT && (!GUARDED || w[i][r] != 0); c++) {
                    y[r][c] += w[i][r] * x[c];
                }
            }
        }
    }
}

template <int WIDTH, int STREAMED>
TANDEM_DEVICE void add_weighted(
        float (&y)[THREAD_ROWS][Channels<WIDTH>::COUNT], const float* weights, const float* streamed, bool guarded) {
    if (guarded) {
        add_weighted<WIDTH, STREAMED, true>(y, weights, streamed);
    } else {
        add_weighted<WIDTH, STREAMED, false>(y, weights, streamed);
    }
}

// ---- what belongs to a row -----------------------------------------------------------------------

// Largest value and sum over the threads of a row, in each of them.
TANDEM_DEVICE float row_max(float value) {
    for (int distance = ROW_THREADS / 2; distance > 0; distance /= 2) {
        float other = __shfl_xor_sync(ALL_LANES, value, distance);
        value = value > other ? value : other;
    }
    return value;
}

TANDEM_DEVICE float row_sum(float value) {
    for (int distance = ROW_THREADS / 2; distance > 0; distance /= 2) {
        value += __shfl_xor_sync(ALL_LANES, value, distance);
    }
    return value;
}

// Sets what a query must not see to −∞. `key` and `query` are the thread's first ones.
template <int STREAMED>
TANDEM_DEVICE void hide(
        float (&s)[THREAD_ROWS][Meetings<STREAMED>::COUNT], const int* padding, int key, int keys, int query) {
    for (int c = 0; c < Meetings<STREAMED>::COUNT; c++) {
        bool hidden = padding && key + c < keys && padding[key + c] != 0;
        for (int r = 0; r < THREAD_ROWS; r++) {
            s[r][c] = hidden || key + c > query + r ? minus_infinity() : s[r][c];
        }
    }
}

// Sets dropped weights to 0. `index` is that of the thread's first one, rows are T apart.
template <int STREAMED>
TANDEM_DEVICE void drop(float (&w)[THREAD_ROWS][Meetings<STREAMED>::COUNT], Dropout dropout, int64 index, int T) {
    for (int r = 0; r < THREAD_ROWS; r++) {
        uint32 bits = kept(dropout, index + (int64) r * T);
        for (int c = 0; c < Meetings<STREAMED>::COUNT; c++) {
            w[r][c] = bits >> c & 1 ? w[r][c] : 0;
        }
    }
}
