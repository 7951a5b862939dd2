#include "product.cuh"

// The matrix products of Linear, ExpertLinear and ExpertFeedForward. Grid: a block per tile, in y the
// ranges of k if it is cut. Bound by arithmetic, 2 FLOP for each of rows · columns · depth.
//
// With experts the rows of a product are those that they own. Their numbers are known on the device
// only, so `product_plan` cuts them into row tiles first, and the grid covers as many as there can be;
// blocks beyond the plan's end have nothing to do.

constexpr int INT_LARGEST = 0x7fffffff;

struct ProductPlanArguments {
    int* plan; // the number of row tiles, 3 unused, then an entry for each
    const int* starts;
    const int* counts;
    Complaint* complaint;
    int E;
    int R;
    int tileRows;
};

// One block: a scan over the experts, 256 at a time, then a warp writes the entries of an expert.
TANDEM_KERNEL(product_plan, ProductPlanArguments, 256) {
    __shared__ int ends[256];
    __shared__ int partial[WARP];
    __shared__ int64 owned[WARP];
    int planned = 0;
    int64 rows = 0;
    for (int first = 0; first < arguments.E; first += blockDim.x) {
        int e = first + threadIdx.x;
        int count = 0;
        if (e < arguments.E) {
            count = owned_rows(arguments.starts, arguments.counts, e, arguments.R, arguments.complaint);
        }
        rows += block_sum((int64) count, owned);
        if (rows > arguments.R) {
            // experts share rows, and may have more tiles than the plan has room for
            verify(arguments.complaint, OPERAND_COUNTS, (int) min(rows, (int64) INT_LARGEST), 0, arguments.R);
            planned = 0;
            break;
        }
        int end = count / arguments.tileRows + (count % arguments.tileRows != 0);
        for (int distance = 1; distance < WARP; distance *= 2) {
            int before = __shfl_up_sync(ALL_LANES, end, distance);
            end += lane() >= distance ? before : 0;
        }
        if (lane() == WARP - 1) {
            partial[warp()] = end;
        }
        __syncthreads();
        for (int w = 0; w < warp(); w++) {
            end += partial[w];
        }
        ends[threadIdx.x] = planned + end;
        __syncthreads();
        for (int i = warp(); i < min((int) blockDim.x, arguments.E - first); i += warps()) {
            int begin = i == 0 ? planned : ends[i - 1];
            for (int tile = begin + lane(); tile < ends[i]; tile += WARP) {
                int* entry = arguments.plan + PLAN_ENTRY * (1 + (int64) tile);
                entry[0] = first + i;
                entry[1] = begin;
                entry[2] = arguments.starts[first + i];
                entry[3] = arguments.counts[first + i];
            }
        }
        planned = ends[blockDim.x - 1]; // written again behind the barriers of the next block_sum
    }
    if (threadIdx.x == 0) {
        arguments.plan[0] = planned;
    }
}

struct ProductArguments {
    float* y;
    float* saved;
    const float* x;
    const float* weight;
    const float* bias;
    float* partial; // [ranges, N, columns] if k is cut
    const int* plan; // null: one matrix and all N rows
    const int* choiceOf; // null: x has the rows of y
    Complaint* complaint;
    int N;
    int columns; // of y
    int depth; // what is summed over
    int range; // of k for a block, a multiple of a slice's
    int K;
    int choices;
    int form;
};

TANDEM_DEVICE Rows rows_of(const ProductArguments& arguments, const Place& place) {
    return {arguments.x, arguments.depth,   place.start,        arguments.choiceOf,
            arguments.K, arguments.choices, arguments.complaint};
}

// The sums of this block's range go to `partial` if there is another range.
TANDEM_DEVICE Activated activated(const ProductArguments& arguments, const Place& place) {
    int64 stride = arguments.columns;
    if (gridDim.y > 1) {
        return {arguments.partial + (int64) blockIdx.y * arguments.N * stride, nullptr, nullptr, stride, IDENTITY};
    }
    int64 first = place.start * stride;
    return {arguments.y + first,
            arguments.saved ? arguments.saved + first : nullptr,
            arguments.bias ? arguments.bias + place.expert * stride : nullptr,
            stride,
            arguments.form};
}

template <class T, class Right, class Epilogue>
TANDEM_DEVICE void make_tile(
        const ProductArguments& arguments, const Place& place, Right& right, float* memory, const Epilogue& epilogue) {
    float sums[T::ROW_CHUNKS * QUAD][T::COLUMN_CHUNKS * QUAD] = {};
    float none = 0;
    int begin = blockIdx.y * arguments.range;
    AlongDepth<T::ROWS, T::THREADS> left(rows_of(arguments, place), place.row, place.rows);
    multiply<T, false>(left, right, begin, min(begin + arguments.range, arguments.depth), memory, sums, none);
    finish<T>(sums, memory, epilogue, place.row, place.rows, place.column, arguments.columns);
}

// y = gelu(x·weightᵀ + bias), weight [columns, depth].
template <class T>
TANDEM_DEVICE void forward(const ProductArguments& arguments, float* memory) {
    Place place = place_of<T>(arguments.plan, arguments.N, arguments.columns);
    if (!place.exists) {
        return;
    }
    const float* weight = arguments.weight + (int64) place.expert * arguments.columns * arguments.depth;
    AlongDepth<T::COLUMNS, T::THREADS> right(all_rows(weight, arguments.depth), place.column, arguments.columns);
    make_tile<T>(arguments, place, right, memory, activated(arguments, place));
}

// y = x·weight, weight [depth, columns]; in the class of the epilogue, what is done with it.
template <class T, bool THROUGH_GELU>
TANDEM_DEVICE void backward(const ProductArguments& arguments, float* memory) {
    Place place = place_of<T>(arguments.plan, arguments.N, arguments.columns);
    if (!place.exists) {
        return;
    }
    const float* weight = arguments.weight + (int64) place.expert * arguments.columns * arguments.depth;
    AcrossDepth<T::COLUMNS, T::THREADS> right(all_rows(weight, arguments.columns), place.column, arguments.columns);
    if (THROUGH_GELU) {
        int64 stride = arguments.columns;
        int64 first = place.start * stride;
        ThroughGelu epilogue = {arguments.saved + first, arguments.y + first, stride, arguments.form};
        make_tile<T>(arguments, place, right, memory, epilogue);
    } else {
        make_tile<T>(arguments, place, right, memory, activated(arguments, place));
    }
}

TANDEM_KERNEL(product_forward_large, ProductArguments, LargeTile::THREADS) {
    __shared__ __align__(16) float memory[LargeTile::FLOATS];
    forward<LargeTile>(arguments, memory);
}

TANDEM_KERNEL(product_forward_small, ProductArguments, SmallTile::THREADS) {
    __shared__ __align__(16) float memory[SmallTile::FLOATS];
    forward<SmallTile>(arguments, memory);
}

TANDEM_KERNEL(product_backward_large, ProductArguments, LargeTile::THREADS) {
    __shared__ __align__(16) float memory[LargeTile::FLOATS];
    backward<LargeTile, false>(arguments, memory);
}

TANDEM_KERNEL(product_backward_small, ProductArguments, SmallTile::THREADS) {
    __shared__ __align__(16) float memory[SmallTile::FLOATS];
    backward<SmallTile, false>(arguments, memory);
}

// Back through the second layer and the activation: `saved` holds the pre-activation and is
// overwritten by its gradient, `y` gets the activation. k is never cut.
TANDEM_KERNEL(product_backward_gelu_large, ProductArguments, LargeTile::THREADS) {
    __shared__ __align__(16) float memory[LargeTile::FLOATS];
    backward<LargeTile, true>(arguments, memory);
}

TANDEM_KERNEL(product_backward_gelu_small, ProductArguments, SmallTile::THREADS) {
    __shared__ __align__(16) float memory[SmallTile::FLOATS];
    backward<SmallTile, true>(arguments, memory);
}

// Adds the ranges in their order. Grid: a thread for four elements, striding.
TANDEM_KERNEL(product_finish, ProductArguments, 256) {
    int columns = arguments.columns;
    int across = (columns + QUAD - 1) / QUAD;
    int ranges = (arguments.depth + arguments.range - 1) / arguments.range;
    int64 size = (int64) arguments.N * columns;
    Activated epilogue = {arguments.y, arguments.saved, arguments.bias, columns, arguments.form};
    for (int64 i = first_element(); i < (int64) arguments.N * across; i += element_stride()) {
        int column = i % across * QUAD;
        int count = min(QUAD, columns - column);
        const float* from = arguments.partial + i / across * columns + column;
        bool vector = aligned(arguments.partial, columns);
        float4 sum = get_quad(from, count, vector);
        for (int range = 1; range < ranges; range++) {
            sum = plus(sum, get_quad(from + range * size, count, vector));
        }
        epilogue(i / across, column, count, sum);
    }
}
