#include "vectors.cuh"

// A warp per token and tile of columns; 16 bytes at a time where addresses and C allow. Bound by bytes
// of rows: (1 + K)·4·N·C for scatter, its gradient and gather, (1 + 2·K)·4·N·C for gather's gradient.
//
// Rows that nobody owns are zero-filled in the two expert buffers written here: products over padded
// rows then read no garbage from them.

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

template <typename Vector>
TANDEM_DEVICE void dispatch_add(Vector* sum, const Vector* held, float w) {
    TANDEM_UNROLL
    for (int j = 0; j < DISPATCH_VECTORS; j++) {
        sum[j] = plus(sum[j], scaled(held[j], w));
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

// ---- zeros ---------------------------------------------------------------------------------------

struct DispatchClearArguments {
    float* buffer;
    const int* choiceOf;
    int R;
    int C;
};

template <typename Vector>
TANDEM_DEVICE void dispatch_clear_row(float* row, int count) {
    for (int i = lane(); i < count; i += WARP) {
        reinterpret_cast<Vector*>(row)[i] = Vector{};
    }
}

// A warp looks at 32 rows and clears those that nobody owns.
TANDEM_KERNEL(dispatch_clear, DispatchClearArguments, 256) {
    int C = arguments.C;
    bool wide = aligned(arguments.buffer, arguments.buffer, C);
    int64 groups = ((int64) arguments.R + WARP - 1) / WARP;
    for (int64 group = first_row(); group < groups; group += row_stride()) {
        int64 r = group * WARP + lane();
        uint32 unowned = __ballot_sync(ALL_LANES, r < arguments.R && arguments.choiceOf[r] < 0);
        for (; unowned != 0; unowned &= unowned - 1) {
            float* row = arguments.buffer + (group * WARP + __ffs((int) unowned) - 1) * C;
            if (wide) {
                dispatch_clear_row<float4>(row, C / 4);
            } else {
                dispatch_clear_row<float>(row, C);
            }
        }
    }
}

// ---- tokens to rows ------------------------------------------------------------------------------

struct DispatchScatterArguments {
    float* expertX;
    const float* x;
    const int* expert;
    const int* slot;
    const int* starts;
    const int* counts;
    Complaint* complaint;
    int N;
    int K;
    int E;
    int R;
    int C;
};

// Blocks along y take tiles of columns. A lane finds the row of every 32nd choice, then all copy.
template <typename Vector>
TANDEM_DEVICE void dispatch_scatter_rows(const DispatchScatterArguments& arguments, int count) {
    DispatchRows rows = dispatch_rows(arguments);
    Vector* expertX = reinterpret_cast<Vector*>(arguments.expertX);
    const Vector* x = reinterpret_cast<const Vector*>(arguments.x);
    for (int64 n = first_row(); n < arguments.N; n += row_stride()) {
        for (int i = blockIdx.y * DISPATCH_TILE + lane(); i < count + lane(); i += gridDim.y * DISPATCH_TILE) {
            Vector held[DISPATCH_VECTORS];
            dispatch_load(held, x + n * count, i, count);
            int mine = -1;
            for (int k = 0; k < rows.K; k++) {
                mine = k % WARP == 0 ? dispatch_row(rows, n, k + lane()) : mine;
                int row = __shfl_sync(ALL_LANES, mine, k % WARP);
                if (row >= 0) {
                    dispatch_store(expertX + (int64) row * count, held, i, count);
                }
            }
        }
    }
}

TANDEM_KERNEL(dispatch_scatter, DispatchScatterArguments, 256) {
    int C = arguments.C;
    if (aligned(arguments.x, arguments.expertX, C)) {
        dispatch_scatter_rows<float4>(arguments, C / 4);
    } else {
        dispatch_scatter_rows<float>(arguments, C);
    }
}

// ---- rows to tokens ------------------------------------------------------------------------------

struct DispatchGatherArguments {
    float* y;
    const float* expertY;
    const int* expert;
    const int* slot;
    const float* weight; // absent: 1
    const int* starts;
    const int* counts;
    Complaint* complaint;
    int N;
    int K;
    int E;
    int R;
    int C;
};

TANDEM_DEVICE float dispatch_weight(const DispatchGatherArguments& arguments, int64 n, int k, int row) {
    return arguments.weight && row >= 0 ? arguments.weight[n * arguments.K + k] : 1;
}

template <typename Vector>
TANDEM_DEVICE void dispatch_gather_rows(const DispatchGatherArguments& arguments, int count) {
    DispatchRows rows = dispatch_rows(arguments);
    Vector* y = reinterpret_cast<Vector*>(arguments.y);
    const Vector* expertY = reinterpret_cast<const Vector*>(arguments.expertY);
    for (int64 n = first_row(); n < arguments.N; n += row_stride()) {
        for (int i = blockIdx.y * DISPATCH_TILE + lane(); i < count + lane(); i += gridDim.y * DISPATCH_TILE) {
            Vector sum[DISPATCH_VECTORS] = {};
            int mine = -1;
            for (int k = 0; k < rows.K; k += 2) {
                mine = k % WARP == 0 ? dispatch_row(rows, n, k + lane()) : mine;
                // two at a time, so that both are on their way at once
                int first = __shfl_sync(ALL_LANES, mine, k % WARP);
                int second = __shfl_sync(ALL_LANES, mine, k % WARP + 1);
                Vector a[DISPATCH_VECTORS];
                Vector b[DISPATCH_VECTORS];
                dispatch_load(a, expertY + (int64) first * count, i, first < 0 ? 0 : count);
                dispatch_load(b, expertY + (int64) second * count, i, second < 0 ? 0 : count);
                dispatch_add(sum, a, dispatch_weight(arguments, n, k, first));
                dispatch_add(sum, b, dispatch_weight(arguments, n, k + 1, second));
            }
            dispatch_store(y + n * count, sum, i, count);
        }
    }
}

TANDEM_KERNEL(dispatch_gather, DispatchGatherArguments, 256) {
    int C = arguments.C;
    if (aligned(arguments.y, arguments.expertY, C)) {
        dispatch_gather_rows<float4>(arguments, C / 4);
    } else {
        dispatch_gather_rows<float>(arguments, C);
    }
}

// ---- gradient of gather --------------------------------------------------------------------------

struct DispatchBackwardArguments {
    float* dExpertY;
    float* dWeight;
    const float* dy;
    const float* expertY;
    const int* expert;
    const int* slot;
    const float* weight;
    const int* starts;
    const int* counts;
    Complaint* complaint;
    int N;
    int K;
    int E;
    int R;
    int C;
};

// One row: gives the lane's part of its product with dy. dRow may be row.
template <typename Vector>
TANDEM_DEVICE float dispatch_backward_row(Vector* dRow, const Vector* dy, const Vector* row, float w, int count) {
    float sum = 0;
    for (int i = lane(); i < count; i += DISPATCH_TILE) {
        Vector gradient[DISPATCH_VECTORS];
        Vector value[DISPATCH_VECTORS];
        dispatch_load(gradient, dy, i, count);
        dispatch_load(value, row, i, count);
        TANDEM_UNROLL
        for (int j = 0; j < DISPATCH_VECTORS; j++) {
            sum += product(gradient[j], value[j]);
            gradient[j] = scaled(gradient[j], w);
        }
        dispatch_store(dRow, gradient, i, count);
    }
    return sum;
}

template <typename Vector>
TANDEM_DEVICE void dispatch_backward_rows(const DispatchBackwardArguments& arguments, int count) {
    DispatchRows rows = dispatch_rows(arguments);
    Vector* dExpertY = reinterpret_cast<Vector*>(arguments.dExpertY);
    const Vector* dy = reinterpret_cast<const Vector*>(arguments.dy);
    const Vector* expertY = reinterpret_cast<const Vector*>(arguments.expertY);
    for (int64 n = first_row(); n < arguments.N; n += row_stride()) {
        int mine = -1;
        for (int k = 0; k < rows.K; k++) {
            mine = k % WARP == 0 ? dispatch_row(rows, n, k + lane()) : mine;
            int64 row = __shfl_sync(ALL_LANES, mine, k % WARP);
            float sum = 0;
            if (row >= 0) {
                float w = arguments.weight[n * rows.K + k];
                sum = dispatch_backward_row(dExpertY + row * count, dy + n * count, expertY + row * count, w, count);
            }
            sum = warp_sum(sum);
            if (lane() == 0) {
                arguments.dWeight[n * rows.K + k] = sum;
            }
        }
    }
}

TANDEM_KERNEL(dispatch_backward, DispatchBackwardArguments, 256) {
    int C = arguments.C;
    if (aligned(arguments.dy, arguments.expertY, C) && aligned(arguments.dExpertY, arguments.dExpertY, C)) {
        dispatch_backward_rows<float4>(arguments, C / 4);
    } else {
        dispatch_backward_rows<float>(arguments, C);
    }
}
