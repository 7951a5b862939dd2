// What the kernels of dispatch.cu share: tiles of rows, and the row of a choice.
#pragma once
#include "vectors.cuh"

constexpr int DISPATCH_VECTORS = 4; // that a lane holds of a tile
constexpr int DISPATCH_TILE = WARP * DISPATCH_VECTORS;

// The lane's part of a tile, from element i on; zeros where the row has ended.
template <typename Vector>
TANDEM_DEVICE void dispatch_load(Vector* held, const Vector* row, int i, int count) {
    TANDEM_UNROLL
    for (int j = 0; j < DISPATCH_VECTORS; j++) {
        held[j] = i + WARP * j < count ? row[i + WARP * j] : Vector{};
    }
}

template <typename Vector>
TANDEM_DEVICE void dispatch_store(Vector* row, const Vector* held, int i, int count) {
    TANDEM_UNROLL
    for (int j = 0; j < DISPATCH_VECTORS; j++) {
        if (i + WARP * j < count) {
            row[i + WARP * j] = held[j];
        }
    }
}

template <typename Floats, typename Vector>
TANDEM_DEVICE void dispatch_add(Floats* sum, const Vector* held, float w) {
    TANDEM_UNROLL
    for (int j = 0; j < DISPATCH_VECTORS; j++) {
        sum[j] = plus(sum[j], scaled(widened(held[j]), w));
    }
}

// ---- rows ----------------------------------------------------------------------------------------

struct DispatchRows {
    const int* expert;
    const int* slot;
    const int* starts;
    const int* counts;
    Complaint* complaint;
    int K;
    int E;
    int R;
};

template <typename Arguments>
TANDEM_DEVICE DispatchRows dispatch_rows(const Arguments& arguments) {
    return {arguments.expert, arguments.slot, arguments.starts, arguments.counts, arguments.complaint,
            arguments.K, arguments.E, arguments.R};
}

// The expert row of token n's k-th choice, -1 if it is not served, names no row, or is none.
TANDEM_DEVICE int dispatch_row(const DispatchRows& rows, int64 n, int k) {
    if (k >= rows.K) {
        return -1;
    }
    int slot = rows.slot[n * rows.K + k];
    int e = rows.expert[n * rows.K + k];
    if (slot == -1 || !verify(rows.complaint, OPERAND_EXPERT, e, 0, rows.E - 1)) {
        return -1;
    }
    int count = rows.counts[e];
    int start = rows.starts[e];
    bool legal = verify(rows.complaint, OPERAND_COUNTS, count, 0, rows.R)
            && verify(rows.complaint, OPERAND_STARTS, start, 0, rows.R - count)
            && verify(rows.complaint, OPERAND_SLOT, slot, 0, count - 1);
    return legal ? start + slot : -1;
}
