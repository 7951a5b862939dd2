// The tiled product of gemm.cuh for BF16 operands on tensor cores, with F32 sums. Same loaders in name
// and meaning, but copies go straight to shared memory, three slices in turn, and wait for nobody's
// registers; same epilogues.
#pragma once
#include "mma.cuh"
#include "product.cuh"

constexpr int MMA_DEPTH = 32; // of a slice
constexpr int SLICES = 3; // two on their way while one is multiplied

// 128 × 128 for eight warps of 64 × 32, each 4 × 4 products of the tensor cores wide.
struct MmaTile {
    static constexpr int ROWS = 128;
    static constexpr int COLUMNS = 128;
    static constexpr int THREADS = 256;
    static constexpr int WARP_ROWS = 64;
    static constexpr int WARP_COLUMNS = 32;
    static constexpr int WARPS_ACROSS = COLUMNS / WARP_COLUMNS;
    static constexpr int OPERAND = 128 * (MMA_DEPTH + OCTET); // of a slice, the larger of both layouts
    static constexpr int SLICE = 2 * OPERAND;
    static constexpr int STAGED_ROWS = ROWS / 2;
    static constexpr int STAGED_STRIDE = COLUMNS + QUAD;
    static_assert(STAGED_ROWS * STAGED_STRIDE * 4 <= SLICES * SLICE * 2, "a pass of the epilogue fits");
    static_assert(MMA_DEPTH * (128 + OCTET) <= OPERAND, "rows along the extent fit");

    TANDEM_DEVICE int row() { return warp() / WARPS_ACROSS * WARP_ROWS; }
    TANDEM_DEVICE int column() { return warp() % WARPS_ACROSS * WARP_COLUMNS; }
};

// Element (i, k) lies in row i, column k; in shared memory too.
struct MmaAlongDepth {
    static constexpr bool TURNED = false;
    static constexpr int STRIDE = MMA_DEPTH + OCTET; // the extra octet spreads rows over the banks
    static constexpr int ACROSS = MMA_DEPTH / OCTET;
    static constexpr int OCTETS = 128 * ACROSS / MmaTile::THREADS;
    const bfloat16* rows[OCTETS];
    bool vector;

    __device__ __forceinline__ MmaAlongDepth(const RowsOf<bfloat16>& source, int first, int extent)
        : vector(octets_aligned(source.base, source.stride)) {
        TANDEM_UNROLL
        for (int o = 0; o < OCTETS; o++) {
            rows[o] = first + place(o) < extent ? source.row(first + place(o)) : nullptr;
        }
    }

    TANDEM_DEVICE int place(int o) { return (threadIdx.x + o * MmaTile::THREADS) / ACROSS; }

    __device__ __forceinline__ void fetch(bfloat16* shared, int k, int end) const {
        int depth = threadIdx.x % ACROSS * OCTET;
        TANDEM_UNROLL
        for (int o = 0; o < OCTETS; o++) {
            const bfloat16* from = rows[o] && k + depth < end ? rows[o] + k + depth : nullptr;
            fetch_octet(shared + place(o) * STRIDE + depth, from, end - k - depth, vector);
        }
    }

    // Where (i, k) of a slice lies.
    TANDEM_DEVICE const bfloat16* at(const bfloat16* shared, int i, int k) { return shared + i * STRIDE + k; }
};

// Element (i, k) lies in row k, column i; in shared memory too.
struct MmaAcrossDepth {
    static constexpr bool TURNED = true;
    static constexpr int STRIDE = 128 + OCTET;
    static constexpr int ACROSS = 128 / OCTET;
    static constexpr int OCTETS = MMA_DEPTH * ACROSS / MmaTile::THREADS;
    RowsOf<bfloat16> source;
    int first;
    int extent;
    bool vector;

    __device__ __forceinline__ MmaAcrossDepth(const RowsOf<bfloat16>& source, int first, int extent)
        : source(source), first(first), extent(extent), vector(octets_aligned(source.base, source.stride)) {}

    __device__ __forceinline__ void fetch(bfloat16* shared, int k, int end) const {
        int i = threadIdx.x % ACROSS * OCTET;
        TANDEM_UNROLL
        for (int o = 0; o < OCTETS; o++) {
            int depth = (threadIdx.x + o * MmaTile::THREADS) / ACROSS;
            const bfloat16* row = k + depth < end && first + i < extent ? source.row(k + depth) : nullptr;
            fetch_octet(shared + depth * STRIDE + i, row ? row + first + i : nullptr, extent - first - i, vector);
        }
    }

    TANDEM_DEVICE const bfloat16* at(const bfloat16* shared, int i, int k) { return shared + k * STRIDE + i; }
};

// ---- main loop -----------------------------------------------------------------------------------

typedef float MmaSums[4][4][4]; // a warp's products down, across, a lane's sums of each

template <class Left, class Right>
TANDEM_DEVICE void multiply_slice(const bfloat16* left, const bfloat16* right, MmaSums& sums) {
    TANDEM_UNROLL
    for (int k = 0; k < MMA_DEPTH; k += 16) {
        uint32 a[4][4];
        uint32 b[2][4]; // two products across each: registers 0, 1 and 2, 3
        TANDEM_UNROLL
        for (int i = 0; i < 4; i++) {
            load_matrices<Left::TURNED>(a[i], matrix_row<Left, true>(left, MmaTile::row() + i * 16, k));
        }
        TANDEM_UNROLL
        for (int j = 0; j < 2; j++) {
            load_matrices<Right::TURNED>(b[j], matrix_row<Right, false>(right, MmaTile::column() + j * 16, k));
        }
        TANDEM_UNROLL
        for (int i = 0; i < 4; i++) {
            TANDEM_UNROLL
            for (int j = 0; j < 4; j++) {
                mma_16_8_16(sums[i][j], a[i], b[j / 2][j % 2 * 2], b[j / 2][j % 2 * 2 + 1]);
            }
        }
    }
}

// Whether a tile that has so many rows and columns left has any for this warp. The same in all its lanes.
TANDEM_DEVICE bool busy(int rows, int columns) { return MmaTile::row() < rows && MmaTile::column() < columns; }

// Adds the products of k below `end` to `sums`, in warps that are busy, and with ROW_SUMS the left
// operand's rows, which lie across k, to `row_sum`: thread i sums row i.
template <bool ROW_SUMS, class Left, class Right>
TANDEM_DEVICE void multiply(
        const Left& left, const Right& right, int end, bool busy, bfloat16* memory, MmaSums& sums, float& row_sum) {
    TANDEM_UNROLL
    for (int ahead = 0; ahead < SLICES - 1; ahead++) {
        bfloat16* slice = memory + ahead * MmaTile::SLICE;
        left.fetch(slice, ahead * MMA_DEPTH, end);
        right.fetch(slice + MmaTile::OPERAND, ahead * MMA_DEPTH, end);
        copies_started();
    }
    int turn = 0;
    for (int k = 0; k < end; k += MMA_DEPTH) {
        copies_done<SLICES - 2>();
        __syncthreads(); // slice `turn` is there, and all have left the one before it
        int next = turn == 0 ? SLICES - 1 : turn - 1;
        if (k + (SLICES - 1) * MMA_DEPTH < end) {
            left.fetch(memory + next * MmaTile::SLICE, k + (SLICES - 1) * MMA_DEPTH, end);
            right.fetch(memory + next * MmaTile::SLICE + MmaTile::OPERAND, k + (SLICES - 1) * MMA_DEPTH, end);
        }
        copies_started();
        const bfloat16* slice = memory + turn * MmaTile::SLICE;
        if (busy) {
            multiply_slice<Left, Right>(slice, slice + MmaTile::OPERAND, sums);
        }
        if (ROW_SUMS && threadIdx.x < MmaTile::ROWS) {
            for (int d = 0; d < MMA_DEPTH; d++) {
                row_sum += load(Left::at(slice, threadIdx.x, d));
            }
        }
        turn = turn == SLICES - 1 ? 0 : turn + 1;
    }
    copies_done<0>();
}

// As `finish` of gemm.cuh: 64 rows at a time go through shared memory, 32 of each warp.
template <class Epilogue>
TANDEM_DEVICE void finish(
        const MmaSums& sums,
        float* memory,
        const Epilogue& epilogue,
        int first_row,
        int rows,
        int first_column,
        int columns) {
    constexpr int STRIDE = MmaTile::STAGED_STRIDE;
    constexpr int QUADS = MmaTile::COLUMNS / QUAD;
    TANDEM_UNROLL
    for (int half = 0; half < 2; half++) {
        __syncthreads();
        TANDEM_UNROLL
        for (int i = 0; i < 2; i++) {
            TANDEM_UNROLL
            for (int j = 0; j < 4; j++) {
                const float* four = sums[half * 2 + i][j];
                int staged = MmaTile::row() / 2 + i * 16 + lane() / 4;
                float* at = memory + staged * STRIDE + MmaTile::column() + j * 8 + lane() % 4 * 2;
                *reinterpret_cast<float2*>(at) = make_float2(four[0], four[1]);
                *reinterpret_cast<float2*>(at + 8 * STRIDE) = make_float2(four[2], four[3]);
            }
        }
        __syncthreads();
        TANDEM_ROLLED
        for (int quad = threadIdx.x; quad < MmaTile::STAGED_ROWS * QUADS; quad += MmaTile::THREADS) {
            int staged = quad / QUADS;
            int row = first_row + staged / 32 * MmaTile::WARP_ROWS + half * 32 + staged % 32;
            int column = first_column + quad % QUADS * QUAD;
            if (row < rows && column < columns) {
                const float* four = memory + staged * STRIDE + quad % QUADS * QUAD;
                epilogue(row, column, min(QUAD, columns - column), *reinterpret_cast<const float4*>(four));
            }
        }
    }
}
