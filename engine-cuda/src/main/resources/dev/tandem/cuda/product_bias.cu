#include "four.cuh"

// The gradient of a bias apart from that of its weight: dBias += Σ dy. Bound by the bytes of dy. Rows are
// summed in chunks and the chunks added in their order, so no bit depends on the order of blocks.

template <class Element>
struct ProductBiasArguments {
    float* dBias; // [matrices, columns]
    float* partial; // [matrices, chunks, columns]
    const Element* dy;
    const int* counts; // null: every row counts
    int matrices;
    int matrixRows;
    int columns;
    int chunks; // of a matrix
    int chunkRows;
};

// Grid: in x a block for 512 columns, a thread for four; in y the chunks of a matrix, in z the matrices, both
// striding.
template <class Element>
TANDEM_DEVICE void bias_partial(const ProductBiasArguments<Element>& arguments) {
    int columns = arguments.columns;
    int c = 4 * (blockIdx.x * blockDim.x + threadIdx.x);
    if (c >= columns) {
        return;
    }
    for (int matrix = blockIdx.z; matrix < arguments.matrices; matrix += gridDim.z) {
        int owned = arguments.counts ? min(arguments.counts[matrix], arguments.matrixRows) : arguments.matrixRows;
        for (int chunk = blockIdx.y; chunk < arguments.chunks; chunk += gridDim.y) {
            int end = min((chunk + 1) * arguments.chunkRows, owned);
            const Element* dy = arguments.dy + (int64) matrix * arguments.matrixRows * columns;
            Four sum = {};
            for (int r = chunk * arguments.chunkRows; r < end; r++) {
                Four row = load_four(dy + (int64) r * columns, c, columns);
                for (int k = 0; k < 4; k++) {
                    sum.at[k] += row.at[k];
                }
            }
            store_four(arguments.partial + ((int64) matrix * arguments.chunks + chunk) * columns, c, columns, sum);
        }
    }
}

TANDEM_KERNEL(product_bias, ProductBiasArguments<float>, 128) { bias_partial(arguments); }
TANDEM_KERNEL(product_bias_bf16, ProductBiasArguments<bfloat16>, 128) { bias_partial(arguments); }

// Adds the chunks. Grid: a thread per element of dBias, striding.
TANDEM_KERNEL(product_bias_finish, ProductBiasArguments<float>, 256) {
    int columns = arguments.columns;
    int64 count = (int64) arguments.matrices * columns;
    for (int64 i = first_element(); i < count; i += element_stride()) {
        const float* partial = arguments.partial + i / columns * arguments.chunks * columns + i % columns;
        float sum = 0;
        for (int64 chunk = 0; chunk < arguments.chunks; chunk++) {
            sum += partial[chunk * columns];
        }
        arguments.dBias[i] += sum;
    }
}
