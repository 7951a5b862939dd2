#include "gemm_bf16.cuh"

// The products of product.cu and product_weight.cu for BF16 activations and weights on tensor cores;
// sums, biases and the gradients of parameters are F32. Grid: a block per tile, 128 × 128, in z the
// experts of a weight's gradient. Bound by arithmetic where an expert has more rows than the ridge of
// the roofline, about 200 on an H100, below that by the bytes of the weights.

template <class Result>
struct ProductBf16Arguments {
    Result* y;
    Result* saved;
    const bfloat16* x;
    const bfloat16* weight;
    const float* bias;
    const int* plan; // null: one matrix and all N rows
    const int* choiceOf; // null: x has the rows of y
    Complaint* complaint;
    int N;
    int columns; // of y
    int depth; // what is summed over
    int K;
    int choices;
    int form;
};

template <class Result, class Right, class Epilogue>
TANDEM_DEVICE void make_tile(
        const ProductBf16Arguments<Result>& arguments,
        const Place& place,
        const Right& right,
        const Epilogue& epilogue) {
    bfloat16* memory = TANDEM_SHARED(bfloat16);
    RowsOf<bfloat16> rows = {arguments.x, arguments.depth,   place.start,        arguments.choiceOf,
                             arguments.K, arguments.choices, arguments.complaint};
    MmaAlongDepth left(rows, place.row, place.rows);
    MmaSums sums = {};
    float none = 0;
    bool works = busy(place.rows - place.row, arguments.columns - place.column);
    multiply<false>(left, right, arguments.depth, works, memory, sums, none);
    finish(sums,
            reinterpret_cast<float*>(memory),
            epilogue,
            place.row,
            place.rows,
            place.column,
            arguments.columns);
}

// y = gelu(x·weightᵀ + bias), weight [columns, depth]; forward or, with TURNED, y = x·weight, weight
// [depth, columns].
template <bool TURNED, class Result>
TANDEM_DEVICE void product_bf16(const ProductBf16Arguments<Result>& arguments) {
    Place place = place_of<MmaTile>(arguments.plan, arguments.N, arguments.columns);
    if (!place.exists) {
        return;
    }
    int64 stride = arguments.columns;
    int64 first = place.start * stride;
    const bfloat16* weight = arguments.weight + place.expert * stride * arguments.depth;
    ActivatedAs<Result> epilogue = {
            arguments.y + first,
            arguments.saved ? arguments.saved + first : nullptr,
            arguments.bias ? arguments.bias + place.expert * stride : nullptr,
            stride,
            arguments.form};
    if (TURNED) {
        MmaAcrossDepth right(all_rows(weight, stride), place.column, arguments.columns);
        make_tile(arguments, place, right, epilogue);
    } else {
        MmaAlongDepth right(all_rows(weight, arguments.depth), place.column, arguments.columns);
        make_tile(arguments, place, right, epilogue);
    }
}

TANDEM_KERNEL(product_forward_bf16, ProductBf16Arguments<bfloat16>, MmaTile::THREADS) {
    product_bf16<false>(arguments);
}

// Its result in F32.
TANDEM_KERNEL(product_forward_bf16_wide, ProductBf16Arguments<float>, MmaTile::THREADS) {
    product_bf16<false>(arguments);
}

TANDEM_KERNEL(product_backward_bf16, ProductBf16Arguments<bfloat16>, MmaTile::THREADS) {
    product_bf16<true>(arguments);
}

// As product_backward_gelu_large: `saved` becomes its own gradient, `y` the activation.
TANDEM_KERNEL(product_backward_gelu_bf16, ProductBf16Arguments<bfloat16>, MmaTile::THREADS) {
    Place place = place_of<MmaTile>(arguments.plan, arguments.N, arguments.columns);
    if (!place.exists) {
        return;
    }
    int64 stride = arguments.columns;
    int64 first = place.start * stride;
    const bfloat16* weight = arguments.weight + place.expert * stride * arguments.depth;
    MmaAcrossDepth right(all_rows(weight, stride), place.column, arguments.columns);
    ThroughGeluAs<bfloat16> epilogue = {arguments.saved + first, arguments.y + first, stride, arguments.form};
    make_tile(arguments, place, right, epilogue);
}

struct ProductWeightBf16Arguments {
    float* dWeight;
    float* dBias; // null: not wanted
    const bfloat16* dy;
    const bfloat16* x;
    const int* starts; // null: one matrix and all N rows
    const int* counts;
    const int* choiceOf; // null: x has the rows of dy
    Complaint* complaint;
    int N;
    int out;
    int in;
    int K;
    int choices;
};

// dWeight += dyᵀ·x, dBias += Σ dy.
TANDEM_KERNEL(product_weight_bf16, ProductWeightBf16Arguments, MmaTile::THREADS) {
    int e = blockIdx.z;
    int out = arguments.out;
    int in = arguments.in;
    int start = 0;
    int rows = arguments.N;
    if (arguments.starts) {
        start = arguments.starts[e];
        rows = owned_rows(arguments.starts, arguments.counts, e, arguments.N, arguments.complaint);
    }
    if (rows == 0) {
        return;
    }
    TilePlace place = tile_place<MmaTile>(blockIdx.x, out, in);
    RowsOf<bfloat16> dy = all_rows(arguments.dy, out);
    dy.first = start;
    RowsOf<bfloat16> x = {arguments.x, in,                start,              arguments.choiceOf,
                          arguments.K, arguments.choices, arguments.complaint};
    MmaAcrossDepth left(dy, place.row, out);
    MmaAcrossDepth right(x, place.column, in);
    bfloat16* memory = TANDEM_SHARED(bfloat16);
    MmaSums sums = {};
    float row_sum = 0;
    multiply<true>(left, right, rows, busy(out - place.row, in - place.column), memory, sums, row_sum);
    float* dWeight = arguments.dWeight + (int64) e * out * in;
    finish(sums, reinterpret_cast<float*>(memory), Accumulated{dWeight, in, true}, place.row, out, place.column, in);
    int o = place.row + threadIdx.x;
    if (arguments.dBias && place.column == 0 && threadIdx.x < MmaTile::ROWS && o < out) {
        arguments.dBias[(int64) e * out + o] += row_sum;
    }
}
