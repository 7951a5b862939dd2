// The tiles of gemm.cuh, and what brings slices of both operands to shared memory.
#pragma once
#include "tandem.cuh"

#ifdef TANDEM_HOST
#define TANDEM_UNROLL_2
#define TANDEM_UNROLL_4
#else
#define TANDEM_UNROLL_2 _Pragma("unroll 2")
#define TANDEM_UNROLL_4 _Pragma("unroll 4")
#endif

constexpr int DEPTH = 16; // of a slice
constexpr int QUAD = 4; // floats that travel together
constexpr int LANE_ROWS = 4; // a warp is 4 × 8 lanes, each with 4 × 4 results in every chunk
constexpr int LANE_COLUMNS = 8;

// A tile of ROWS × COLUMNS, of which a thread makes ROW_CHUNKS × COLUMN_CHUNKS chunks of 4 × 4. The
// chunks of a warp are interleaved, so that its lanes read shared memory side by side.
template <int ROWS_, int COLUMNS_, int ROW_CHUNKS_, int COLUMN_CHUNKS_>
struct Tile {
    static constexpr int ROWS = ROWS_;
    static constexpr int COLUMNS = COLUMNS_;
    static constexpr int ROW_CHUNKS = ROW_CHUNKS_;
    static constexpr int COLUMN_CHUNKS = COLUMN_CHUNKS_;
    static constexpr int CHUNK_ROWS = QUAD * LANE_ROWS;
    static constexpr int CHUNK_COLUMNS = QUAD * LANE_COLUMNS;
    static constexpr int WARP_ROWS = ROW_CHUNKS * CHUNK_ROWS;
    static constexpr int WARP_COLUMNS = COLUMN_CHUNKS * CHUNK_COLUMNS;
    static constexpr int WARPS_ACROSS = COLUMNS / WARP_COLUMNS;
    static constexpr int THREADS = ROWS / WARP_ROWS * WARPS_ACROSS * WARP;
    static constexpr int LEFT_STRIDE = ROWS + QUAD; // the extra quad spreads a column over the banks
    static constexpr int RIGHT_STRIDE = COLUMNS + QUAD;
    static constexpr int SLICE = DEPTH * (LEFT_STRIDE + RIGHT_STRIDE);
    static constexpr int FLOATS = 2 * SLICE; // shared memory of a block
    static constexpr int STAGED_ROWS = ROWS / ROW_CHUNKS;
    static_assert(STAGED_ROWS * RIGHT_STRIDE <= FLOATS, "a pass of the epilogue fits where the slices were");
    static_assert(ROWS <= THREADS, "a thread for every sum of a row");

    // First row and column of this thread's first chunk.
    TANDEM_DEVICE int row() { return warp() / WARPS_ACROSS * WARP_ROWS + lane() / LANE_COLUMNS * QUAD; }
    TANDEM_DEVICE int column() { return warp() % WARPS_ACROSS * WARP_COLUMNS + lane() % LANE_COLUMNS * QUAD; }
};

typedef Tile<128, 128, 2, 2> LargeTile; // 8 × 8 results and 2·8 loads of 4 bytes a thread and k
typedef Tile<64, 64, 2, 1> SmallTile;

// Where element (i, k) of a slice lies along its row k. The swap of eights keeps lanes that write
// columns 0, 4, 8 and 12 of one row in different banks.
TANDEM_DEVICE int swizzled(int i, int k) { return i ^ (k & 8); }

// ---- four floats ---------------------------------------------------------------------------------

TANDEM_DEVICE bool aligned(const void* address, int64 stride) {
    return (reinterpret_cast<uint64>(address) & 15) == 0 && stride % QUAD == 0;
}

// The `count` first of four floats, zeros behind them.
TANDEM_DEVICE float4 get_quad(const float* from, int count, bool vector) {
    if (vector && count >= QUAD) {
        return *reinterpret_cast<const float4*>(from);
    }
    return make_float4(
            count > 0 ? from[0] : 0, count > 1 ? from[1] : 0, count > 2 ? from[2] : 0, count > 3 ? from[3] : 0);
}

TANDEM_DEVICE float4 get_quad(const bfloat16* from, int count, bool vector) {
    if (vector && count >= QUAD) {
        uint2 bits = *reinterpret_cast<const uint2*>(from);
        return make_float4(low_half(bits.x), high_half(bits.x), low_half(bits.y), high_half(bits.y));
    }
    return make_float4(
            count > 0 ? load(from) : 0,
            count > 1 ? load(from + 1) : 0,
            count > 2 ? load(from + 2) : 0,
            count > 3 ? load(from + 3) : 0);
}

TANDEM_DEVICE float4 no_quad() { return make_float4(0, 0, 0, 0); }

template <class Element>
TANDEM_DEVICE void put_some(Element* to, float4 value, int count) {
    store(to, value.x);
    if (count > 1) {
        store(to + 1, value.y);
    }
    if (count > 2) {
        store(to + 2, value.z);
    }
    if (count > 3) {
        store(to + 3, value.w);
    }
}

TANDEM_DEVICE void put_quad(float* to, float4 value, int count, bool vector) {
    if (vector && count >= QUAD) {
        *reinterpret_cast<float4*>(to) = value;
    } else {
        put_some(to, value, count);
    }
}

TANDEM_DEVICE void put_quad(bfloat16* to, float4 value, int count, bool vector) {
    if (vector && count >= QUAD) {
        *reinterpret_cast<uint2*>(to) = make_uint2(halves(value.x, value.y), halves(value.z, value.w));
    } else {
        put_some(to, value, count);
    }
}

TANDEM_DEVICE float4 plus(float4 a, float4 b) { return make_float4(a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w); }

// ---- loaders -------------------------------------------------------------------------------------

// Rows of a matrix from `first` on; or, with `choiceOf`, the tokens that these rows serve.
template <class Element>
struct RowsOf {
    const Element* base;
    int64 stride;
    int first;
    const int* choiceOf; // null: the rows themselves
    int K;
    int choices; // one more than the largest choice
    Complaint* complaint;

    // Null where the row serves no token.
    __device__ __forceinline__ const Element* row(int r) const {
        int64 found = (int64) first + r;
        if (choiceOf) {
            int choice = choiceOf[found];
            if (!verify(complaint, OPERAND_CHOICE_OF, choice, 0, choices - 1)) {
                return nullptr;
            }
            found = choice / K;
        }
        return base + found * stride;
    }
};

typedef RowsOf<float> Rows;

template <class Element>
TANDEM_DEVICE RowsOf<Element> all_rows(const Element* base, int64 stride) {
    return {base, stride, 0, nullptr, 1, 0, nullptr};
}

// Element (i, k) lies in row i, column k: both operands forward, and dy for dx. Quads lie along k
// and are turned on their way to shared memory.
template <int EXTENT, int THREADS>
struct AlongDepth {
    static constexpr int QUADS = EXTENT * DEPTH / QUAD / THREADS;
    static constexpr int QUADS_DEEP = DEPTH / QUAD;
    static_assert(THREADS % QUADS_DEEP == 0, "all quads of a thread have the same place along k");
    const float* rows[QUADS];
    float4 values[QUADS];
    bool vector;

    // `first` of `extent` is the tile's first i.
    __device__ __forceinline__ AlongDepth(const Rows& source, int first, int extent)
        : vector(aligned(source.base, source.stride)) {
        TANDEM_UNROLL
        for (int q = 0; q < QUADS; q++) {
            int i = first + place(q);
            rows[q] = i < extent ? source.row(i) : nullptr;
        }
    }

    TANDEM_DEVICE int place(int q) { return (threadIdx.x + q * THREADS) / QUADS_DEEP; }
    TANDEM_DEVICE int depth() { return threadIdx.x % QUADS_DEEP * QUAD; }

    // Zeros from `end` on, which add nothing.
    __device__ __forceinline__ void fetch(int k, int end) {
        TANDEM_UNROLL
        for (int q = 0; q < QUADS; q++) {
            values[q] = rows[q] ? get_quad(rows[q] + k + depth(), end - k - depth(), vector) : no_quad();
        }
    }

    __device__ __forceinline__ void keep(float* shared) const {
        constexpr int STRIDE = EXTENT + QUAD;
        TANDEM_UNROLL
        for (int q = 0; q < QUADS; q++) {
            float* column = shared + depth() * STRIDE + swizzled(place(q), depth());
            column[0 * STRIDE] = values[q].x;
            column[1 * STRIDE] = values[q].y;
            column[2 * STRIDE] = values[q].z;
            column[3 * STRIDE] = values[q].w;
        }
    }
};

// Element (i, k) lies in row k, column i: the weight for dx, and both operands of a weight's gradient.
template <int EXTENT, int THREADS>
struct AcrossDepth {
    static constexpr int QUADS = EXTENT * DEPTH / QUAD / THREADS;
    static constexpr int QUADS_WIDE = EXTENT / QUAD;
    Rows source;
    float4 values[QUADS];
    int first;
    int extent;
    bool vector;

    __device__ __forceinline__ AcrossDepth(const Rows& source, int first, int extent)
        : source(source), first(first), extent(extent), vector(aligned(source.base, source.stride)) {}

    TANDEM_DEVICE int place(int q) { return (threadIdx.x + q * THREADS) % QUADS_WIDE * QUAD; }
    TANDEM_DEVICE int depth(int q) { return (threadIdx.x + q * THREADS) / QUADS_WIDE; }

    __device__ __forceinline__ void fetch(int k, int end) {
        TANDEM_UNROLL
        for (int q = 0; q < QUADS; q++) {
            const float* row = k + depth(q) < end ? source.row(k + depth(q)) : nullptr;
            int i = first + place(q);
            values[q] = row ? get_quad(row + i, extent - i, vector) : no_quad();
        }
    }

    __device__ __forceinline__ void keep(float* shared) const {
        TANDEM_UNROLL
        for (int q = 0; q < QUADS; q++) {
            float* row = shared + depth(q) * (EXTENT + QUAD) + swizzled(place(q), depth(q));
            *reinterpret_cast<float4*>(row) = values[q];
        }
    }
};
