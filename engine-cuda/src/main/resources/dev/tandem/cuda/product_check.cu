#include "tandem.cuh"

// How far a product is from what our own kernels make of the same operands. Grid: a few blocks, striding;
// each leaves two numbers for the host.

template <class Element>
struct ProductCheckArguments {
    float* excess; // [2, blocks]: the most by which a deviation exceeds its part of the element, then Σ wanted²
    const Element* wanted;
    const Element* found;
    const int* counts; // null: every row counts
    int64 count;
    int64 matrix; // elements of a matrix
    int columns;
    float relative;
};

template <class Element>
TANDEM_DEVICE void check(const ProductCheckArguments<Element>& arguments) {
    __shared__ float partial[WARP];
    float excess = 0;
    float squares = 0;
    for (int64 i = first_element(); i < arguments.count; i += element_stride()) {
        int64 row = i % arguments.matrix / arguments.columns;
        if (arguments.counts && row >= arguments.counts[i / arguments.matrix]) {
            continue;
        }
        float wanted = load(arguments.wanted + i);
        float beyond = fabsf(load(arguments.found + i) - wanted) - arguments.relative * fabsf(wanted);
        beyond = beyond == beyond ? beyond : infinity();
        excess = excess > beyond ? excess : beyond;
        squares += wanted * wanted;
    }
    squares = block_sum(squares, partial);
    excess = warp_max(excess);
    if (lane() == 0) {
        partial[warp()] = excess;
    }
    __syncthreads();
    excess = warp_max(lane() < warps() ? partial[lane()] : 0.0f);
    if (threadIdx.x == 0) {
        arguments.excess[blockIdx.x] = excess;
        arguments.excess[gridDim.x + blockIdx.x] = squares;
    }
}

TANDEM_KERNEL(product_check, ProductCheckArguments<float>, 256) { check(arguments); }
TANDEM_KERNEL(product_check_bf16, ProductCheckArguments<bfloat16>, 256) { check(arguments); }
