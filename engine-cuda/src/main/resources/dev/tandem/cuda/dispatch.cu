#include "dispatch.cuh"

// A warp per token and tile of columns; 16 bytes at a time where addresses and C allow. Bound by bytes
// of rows: (1 + K)·4·N·C for scatter, its gradient and gather, (1 + 2·K)·4·N·C for gather's gradient;
// half of that in BF16.
//
// Rows that nobody owns are zero-filled in the two expert buffers written here: products over padded
// rows then read no garbage from them.

// ---- zeros ---------------------------------------------------------------------------------------

template <class Element>
struct DispatchClearArguments {
    Element* buffer;
    const int* choiceOf;
    int R;
    int C;
};

template <typename Vector>
TANDEM_DEVICE void dispatch_clear_row(void* row, int count) {
    for (int i = lane(); i < count; i += WARP) {
        reinterpret_cast<Vector*>(row)[i] = Vector{};
    }
}

// A warp looks at 32 rows and clears those that nobody owns.
template <class Element>
TANDEM_DEVICE void dispatch_clear_rows(const DispatchClearArguments<Element>& arguments) {
    int C = arguments.C;
    bool wide = aligned(arguments.buffer, arguments.buffer, C);
    int64 groups = ((int64) arguments.R + WARP - 1) / WARP;
    for (int64 group = first_row(); group < groups; group += row_stride()) {
        int64 r = group * WARP + lane();
        uint32 unowned = __ballot_sync(ALL_LANES, r < arguments.R && arguments.choiceOf[r] < 0);
        for (; unowned != 0; unowned &= unowned - 1) {
            Element* row = arguments.buffer + (group * WARP + __ffs((int) unowned) - 1) * C;
            if (wide) {
                dispatch_clear_row<typename Quad<Element>::Vector>(row, C / 4);
            } else {
                dispatch_clear_row<Element>(row, C);
            }
        }
    }
}

TANDEM_KERNEL(dispatch_clear, DispatchClearArguments<float>, 256) { dispatch_clear_rows(arguments); }
TANDEM_KERNEL(dispatch_clear_bf16, DispatchClearArguments<bfloat16>, 256) { dispatch_clear_rows(arguments); }

// ---- tokens to rows ------------------------------------------------------------------------------

template <class Element>
struct DispatchScatterArguments {
    Element* expertX;
    const Element* x;
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
template <typename Vector, class Element>
TANDEM_DEVICE void dispatch_scatter_rows(const DispatchScatterArguments<Element>& arguments, int count) {
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

template <class Element>
TANDEM_DEVICE void dispatch_scatter_all(const DispatchScatterArguments<Element>& arguments) {
    int C = arguments.C;
    if (aligned(arguments.x, arguments.expertX, C)) {
        dispatch_scatter_rows<typename Quad<Element>::Vector>(arguments, C / 4);
    } else {
        dispatch_scatter_rows<Element>(arguments, C);
    }
}

TANDEM_KERNEL(dispatch_scatter, DispatchScatterArguments<float>, 256) { dispatch_scatter_all(arguments); }
TANDEM_ROOMY_KERNEL(dispatch_scatter_bf16, DispatchScatterArguments<bfloat16>, 256) { dispatch_scatter_all(arguments); }

// ---- rows to tokens ------------------------------------------------------------------------------

template <class Element>
struct DispatchGatherArguments {
    Element* y;
    const Element* expertY;
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

template <class Element>
TANDEM_DEVICE float dispatch_weight(const DispatchGatherArguments<Element>& arguments, int64 n, int k, int row) {
    return arguments.weight && row >= 0 ? arguments.weight[n * arguments.K + k] : 1;
}

template <typename Vector, class Element>
TANDEM_DEVICE void dispatch_gather_rows(const DispatchGatherArguments<Element>& arguments, int count) {
    DispatchRows rows = dispatch_rows(arguments);
    Vector* y = reinterpret_cast<Vector*>(arguments.y);
    const Vector* expertY = reinterpret_cast<const Vector*>(arguments.expertY);
    for (int64 n = first_row(); n < arguments.N; n += row_stride()) {
        for (int i = blockIdx.y * DISPATCH_TILE + lane(); i < count + lane(); i += gridDim.y * DISPATCH_TILE) {
            decltype(widened(Vector{})) sum[DISPATCH_VECTORS] = {};
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
            Vector rounded[DISPATCH_VECTORS];
            TANDEM_UNROLL
            for (int j = 0; j < DISPATCH_VECTORS; j++) {
                narrow(rounded[j], sum[j]);
            }
            dispatch_store(y + n * count, rounded, i, count);
        }
    }
}

template <class Element>
TANDEM_DEVICE void dispatch_gather_all(const DispatchGatherArguments<Element>& arguments) {
    int C = arguments.C;
    if (aligned(arguments.y, arguments.expertY, C)) {
        dispatch_gather_rows<typename Quad<Element>::Vector>(arguments, C / 4);
    } else {
        dispatch_gather_rows<Element>(arguments, C);
    }
}

TANDEM_KERNEL(dispatch_gather, DispatchGatherArguments<float>, 256) { dispatch_gather_all(arguments); }
TANDEM_KERNEL(dispatch_gather_bf16, DispatchGatherArguments<bfloat16>, 256) { dispatch_gather_all(arguments); }

// ---- gradient of gather --------------------------------------------------------------------------

template <class Element>
struct DispatchBackwardArguments {
    Element* dExpertY;
    float* dWeight;
    const Element* dy;
    const Element* expertY;
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
            sum += product(widened(gradient[j]), widened(value[j]));
            narrow(gradient[j], scaled(widened(gradient[j]), w));
        }
        dispatch_store(dRow, gradient, i, count);
    }
    return sum;
}

template <typename Vector, class Element>
TANDEM_DEVICE void dispatch_backward_rows(const DispatchBackwardArguments<Element>& arguments, int count) {
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

template <class Element>
TANDEM_DEVICE void dispatch_backward_all(const DispatchBackwardArguments<Element>& arguments) {
    int C = arguments.C;
    if (aligned(arguments.dy, arguments.expertY, C) && aligned(arguments.dExpertY, arguments.dExpertY, C)) {
        dispatch_backward_rows<typename Quad<Element>::Vector>(arguments, C / 4);
    } else {
        dispatch_backward_rows<Element>(arguments, C);
    }
}

TANDEM_KERNEL(dispatch_backward, DispatchBackwardArguments<float>, 256) { dispatch_backward_all(arguments); }
TANDEM_ROOMY_KERNEL(dispatch_backward_bf16, DispatchBackwardArguments<bfloat16>, 256) { dispatch_backward_all(arguments); }
