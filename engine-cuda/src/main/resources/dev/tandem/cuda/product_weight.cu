#include "product.cuh"

// The gradients of weights and biases: dWeight += dyᵀ·x, dBias += Σ dy, over the rows of every expert.
// Grid: a block per tile of a matrix, in y the ranges of rows if they are cut, in z the experts. Bound
// by arithmetic, 2·rows·out·in FLOP; the blocks of the first column sum up dy as they pass it.

struct ProductWeightArguments {
    float* dWeight;
    float* dBias; // null: not wanted
    const float* dy;
    const float* x;
    float* partial; // [ranges, out, in], then [ranges, out], if the rows are cut
    const int* starts; // null: one matrix and all N rows
    const int* counts;
    const int* choiceOf; // null: x has the rows of dy
    Complaint* complaint;
    int N;
    int out;
    int in;
    int range; // rows of a block, a multiple of a slice's
    int K;
    int choices;
};

template <class T>
TANDEM_DEVICE void weight_gradient(const ProductWeightArguments& arguments, float* memory) {
    int e = blockIdx.z;
    int out = arguments.out;
    int in = arguments.in;
    int start = 0;
    int rows = arguments.N;
    if (arguments.starts) {
        start = arguments.starts[e];
        rows = owned_rows(arguments.starts, arguments.counts, e, arguments.N, arguments.complaint);
    }
    int begin = blockIdx.y * arguments.range;
    int end = min(begin + arguments.range, rows);
    if (begin >= end) {
        return; // an expert without rows
    }
    TilePlace place = tile_place<T>(blockIdx.x, out, in);
    Rows dy = all_rows(arguments.dy, out);
    dy.first = start;
    Rows x = {arguments.x, in, start, arguments.choiceOf, arguments.K, arguments.choices, arguments.complaint};
    AcrossDepth<T::ROWS, T::THREADS> left(dy, place.row, out);
    AcrossDepth<T::COLUMNS, T::THREADS> right(x, place.column, in);
    float sums[T::ROW_CHUNKS * QUAD][T::COLUMN_CHUNKS * QUAD] = {};
    float row_sum = 0;
    multiply<T, true>(left, right, begin, end, memory, sums, row_sum);
    bool cut = gridDim.y > 1;
    int64 matrix = (int64) out * in;
    float* dWeight = cut ? arguments.partial + blockIdx.y * matrix : arguments.dWeight + e * matrix;
    finish<T>(sums, memory, Accumulated{dWeight, in, !cut}, place.row, out, place.column, in);
    int o = place.row + threadIdx.x;
    if (arguments.dBias && place.column == 0 && (int) threadIdx.x < T::ROWS && o < out) {
        if (cut) {
            arguments.partial[gridDim.y * matrix + (int64) blockIdx.y * out + o] = row_sum;
        } else {
            arguments.dBias[(int64) e * out + o] += row_sum;
        }
    }
}

TANDEM_KERNEL(product_weight_large, ProductWeightArguments, LargeTile::THREADS) {
    __shared__ __align__(16) float memory[LargeTile::FLOATS];
    weight_gradient<LargeTile>(arguments, memory);
}

TANDEM_KERNEL(product_weight_small, ProductWeightArguments, SmallTile::THREADS) {
    __shared__ __align__(16) float memory[SmallTile::FLOATS];
    weight_gradient<SmallTile>(arguments, memory);
}

// Adds the ranges of one matrix in their order. Grid: a thread per element, striding.
TANDEM_KERNEL(product_weight_finish, ProductWeightArguments, 256) {
    int ranges = (arguments.N + arguments.range - 1) / arguments.range;
    int64 matrix = (int64) arguments.out * arguments.in;
    int64 count = matrix + (arguments.dBias ? arguments.out : 0);
    for (int64 i = first_element(); i < count; i += element_stride()) {
        bool weight = i < matrix;
        int64 stride = weight ? matrix : arguments.out;
        const float* from = arguments.partial + (weight ? i : (ranges - 1) * matrix + i);
        float sum = from[0];
        for (int range = 1; range < ranges; range++) {
            sum += from[range * stride];
        }
        if (weight) {
            arguments.dWeight[i] += sum;
        } else {
            arguments.dBias[i - matrix] += sum;
        }
    }
}
