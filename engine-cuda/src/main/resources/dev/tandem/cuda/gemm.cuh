// One tiled product for all matrix products: out(m, n) = Σ_k left(m, k) · right(n, k).
//
// A block makes one tile of `out`. Loaders bring slices of DEPTH of both operands from memory through
// registers to shared memory, where two slices take turns: while one is multiplied the next is on its
// way, and one barrier a slice suffices. A main loop adds up a tile in registers. The tile then goes
// through shared memory once more, so that an epilogue gets four results side by side, in whole
// 128-byte lines, and its code exists once and not once for every register.
//
// A block sums its range of k in the order of k, so bits depend on the ranges only: on the shape.
#pragma once
#include "gemm_loaders.cuh"
#include "gemm_epilogues.cuh"

// ---- main loop of F32 ----------------------------------------------------------------------------

TANDEM_DEVICE void unpack(float* four, const float* shared) {
    float4 value = *reinterpret_cast<const float4*>(shared);
    four[0] = value.x;
    four[1] = value.y;
    four[2] = value.z;
    four[3] = value.w;
}

template <class T>
TANDEM_DEVICE void multiply_slice(
        const float* left, const float* right, float (&sums)[T::ROW_CHUNKS * QUAD][T::COLUMN_CHUNKS * QUAD]) {
    TANDEM_UNROLL_2 // more costs registers, and with more than 128 an SM holds one large tile only
    for (int k = 0; k < DEPTH; k++) {
        float a[T::ROW_CHUNKS * QUAD];
        float b[T::COLUMN_CHUNKS * QUAD];
        TANDEM_UNROLL
        for (int chunk = 0; chunk < T::ROW_CHUNKS; chunk++) {
            unpack(a + chunk * QUAD, left + k * T::LEFT_STRIDE + swizzled(T::row(), k) + chunk * T::CHUNK_ROWS);
        }
        TANDEM_UNROLL
        for (int chunk = 0; chunk < T::COLUMN_CHUNKS; chunk++) {
            unpack(b + chunk * QUAD,
                    right + k * T::RIGHT_STRIDE + swizzled(T::column(), k) + chunk * T::CHUNK_COLUMNS);
        }
        TANDEM_UNROLL
        for (int i = 0; i < T::ROW_CHUNKS * QUAD; i++) {
            TANDEM_UNROLL
            for (int j = 0; j < T::COLUMN_CHUNKS * QUAD; j++) {
                sums[i][j] += a[i] * b[j];
            }
        }
    }
}

// Adds the products of k in begin … end − 1 to `sums`, and with ROW_SUMS the left operand's rows to
// `row_sum`: thread i sums row i.
template <class T, bool ROW_SUMS, class Left, class Right>
TANDEM_DEVICE void multiply(
        Left& left,
        Right& right,
        int begin,
        int end,
        float* memory,
        float (&sums)[T::ROW_CHUNKS * QUAD][T::COLUMN_CHUNKS * QUAD],
        float& row_sum) {
    float* slice = memory;
    float* next = memory + T::SLICE;
    left.fetch(begin, end);
    right.fetch(begin, end);
    left.keep(slice);
    right.keep(slice + DEPTH * T::LEFT_STRIDE);
    __syncthreads();
    for (int k = begin; k < end; k += DEPTH) {
        bool more = k + DEPTH < end;
        if (more) {
            left.fetch(k + DEPTH, end);
            right.fetch(k + DEPTH, end);
        }
        multiply_slice<T>(slice, slice + DEPTH * T::LEFT_STRIDE, sums);
        if (ROW_SUMS && threadIdx.x < T::ROWS) {
            TANDEM_UNROLL
            for (int d = 0; d < DEPTH; d++) {
                row_sum += slice[d * T::LEFT_STRIDE + swizzled(threadIdx.x, d)];
            }
        }
        if (more) {
            left.keep(next);
            right.keep(next + DEPTH * T::LEFT_STRIDE);
            __syncthreads();
            float* last = slice;
            slice = next;
            next = last;
        }
    }
}

// ---- epilogues -----------------------------------------------------------------------------------

// Hands the tile at (first_row, first_column) of a rows × columns matrix to an epilogue, four results
// of a row at a time.
template <class T, class Epilogue>
TANDEM_DEVICE void finish(
        const float (&sums)[T::ROW_CHUNKS * QUAD][T::COLUMN_CHUNKS * QUAD],
        float* memory,
        const Epilogue& epilogue,
        int first_row,
        int rows,
        int first_column,
        int columns) {
    constexpr int QUADS = T::COLUMNS / QUAD;
    TANDEM_UNROLL
    for (int chunk = 0; chunk < T::ROW_CHUNKS; chunk++) {
        __syncthreads();
        TANDEM_UNROLL
        for (int i = 0; i < QUAD; i++) {
            TANDEM_UNROLL
            for (int j = 0; j < T::COLUMN_CHUNKS; j++) {
                int staged = T::row() / T::WARP_ROWS * T::CHUNK_ROWS + T::row() % T::WARP_ROWS + i;
                const float* four = &sums[chunk * QUAD + i][j * QUAD];
                *reinterpret_cast<float4*>(
                        memory + staged * T::RIGHT_STRIDE + T::column() + j * T::CHUNK_COLUMNS) =
                        make_float4(four[0], four[1], four[2], four[3]);
            }
        }
        __syncthreads();
        TANDEM_ROLLED
        for (int quad = threadIdx.x; quad < T::STAGED_ROWS * QUADS; quad += T::THREADS) {
            int staged = quad / QUADS;
            int within = staged / T::CHUNK_ROWS * T::WARP_ROWS + chunk * T::CHUNK_ROWS + staged % T::CHUNK_ROWS;
            int row = first_row + within;
            int column = first_column + quad % QUADS * QUAD;
            if (row < rows && column < columns) {
                const float* four = memory + staged * T::RIGHT_STRIDE + quad % QUADS * QUAD;
                epilogue(row, column, min(QUAD, columns - column), *reinterpret_cast<const float4*>(four));
            }
        }
    }
}
