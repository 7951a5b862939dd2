#include "tandem.cuh"

// A warp per row, striding; a lane takes every 32nd column. Bound by bytes: the row is read again
// from cache, so 8·N·C forward and 20·N·C backward, half of that in BF16.

template <class Element>
struct LayerNormForwardArguments {
    Element* y;
    float* mean;
    float* rstd;
    const Element* x;
    const float* gain;
    const float* bias;
    int64 N;
    int C;
    float epsilon;
};

template <class Element>
TANDEM_DEVICE void forward(const LayerNormForwardArguments<Element>& arguments) {
    int C = arguments.C;
    for (int64 n = first_row(); n < arguments.N; n += row_stride()) {
        const Element* x = arguments.x + n * C;
        Element* y = arguments.y + n * C;
        float sum = 0;
        for (int c = lane(); c < C; c += WARP) {
            sum += load(x + c);
        }
        float mean = warp_sum(sum) / C;
        float squares = 0;
        for (int c = lane(); c < C; c += WARP) {
            float centred = load(x + c) - mean;
            squares += centred * centred;
        }
        float rstd = 1 / sqrtf(warp_sum(squares) / C + arguments.epsilon);
        for (int c = lane(); c < C; c += WARP) {
            store(y + c, (load(x + c) - mean) * rstd * arguments.gain[c] + arguments.bias[c]);
        }
        if (lane() == 0) {
            arguments.mean[n] = mean;
            arguments.rstd[n] = rstd;
        }
    }
}

TANDEM_KERNEL(layer_norm_forward, LayerNormForwardArguments<float>, 256) { forward(arguments); }
TANDEM_KERNEL(layer_norm_forward_bf16, LayerNormForwardArguments<bfloat16>, 256) { forward(arguments); }

template <class Element>
struct LayerNormInputArguments {
    Element* dx;
    const Element* dy;
    const float* mean;
    const float* rstd;
    const Element* x;
    const float* gain;
    int64 N;
    int C;
};

// dx; may be dy, because a lane reads a column for the last time before it writes it.
template <class Element>
TANDEM_DEVICE void backward_input(const LayerNormInputArguments<Element>& arguments) {
    int C = arguments.C;
    for (int64 n = first_row(); n < arguments.N; n += row_stride()) {
        const Element* x = arguments.x + n * C;
        const Element* dy = arguments.dy + n * C;
        Element* dx = arguments.dx + n * C;
        float mean = arguments.mean[n];
        float rstd = arguments.rstd[n];
        float sum = 0;
        float product = 0;
        for (int c = lane(); c < C; c += WARP) {
            float scaled = load(dy + c) * arguments.gain[c];
            sum += scaled;
            product += scaled * (load(x + c) - mean) * rstd;
        }
        sum = warp_sum(sum) / C;
        product = warp_sum(product) / C;
        for (int c = lane(); c < C; c += WARP) {
            float normalized = (load(x + c) - mean) * rstd;
            store(dx + c, (load(dy + c) * arguments.gain[c] - sum - normalized * product) * rstd);
        }
    }
}

TANDEM_KERNEL(layer_norm_backward_input, LayerNormInputArguments<float>, 256) { backward_input(arguments); }
TANDEM_KERNEL(layer_norm_backward_input_bf16, LayerNormInputArguments<bfloat16>, 256) { backward_input(arguments); }

// The gradients of gain and bias are sums over rows, without atomics in two steps: a block sums a
// tile of 32 columns over one chunk of rows, then a thread sums a column's chunks in their order.

constexpr int LAYER_NORM_ROWS = 8; // rows of a tile: one for each warp

template <class Element>
struct LayerNormPartialArguments {
    float* partial; // [2, chunks, C]: gain, then bias
    const Element* dy;
    const float* mean;
    const float* rstd;
    const Element* x;
    int64 N;
    int64 chunkRows;
    int C;
};

template <class Element>
TANDEM_DEVICE void backward_partial(const LayerNormPartialArguments<Element>& arguments) {
    __shared__ float gains[LAYER_NORM_ROWS][WARP];
    __shared__ float biases[LAYER_NORM_ROWS][WARP];
    int C = arguments.C;
    int c = blockIdx.x * WARP + lane();
    int64 begin = blockIdx.y * arguments.chunkRows;
    int64 end = min(begin + arguments.chunkRows, arguments.N);
    float gain = 0;
    float bias = 0;
    for (int64 n = begin + warp(); c < C && n < end; n += LAYER_NORM_ROWS) {
        float dy = load(arguments.dy + n * C + c);
        gain += dy * (load(arguments.x + n * C + c) - arguments.mean[n]) * arguments.rstd[n];
        bias += dy;
    }
    gains[warp()][lane()] = gain;
    biases[warp()][lane()] = bias;
    __syncthreads();
    if (warp() == 0 && c < C) {
        for (int row = 1; row < LAYER_NORM_ROWS; row++) {
            gain += gains[row][lane()];
            bias += biases[row][lane()];
        }
        arguments.partial[(int64) blockIdx.y * C + c] = gain;
        arguments.partial[(int64) (gridDim.y + blockIdx.y) * C + c] = bias;
    }
}

TANDEM_KERNEL(layer_norm_backward_partial, LayerNormPartialArguments<float>, WARP * LAYER_NORM_ROWS) { backward_partial(arguments); }
TANDEM_KERNEL(layer_norm_backward_partial_bf16, LayerNormPartialArguments<bfloat16>, WARP * LAYER_NORM_ROWS) { backward_partial(arguments); }

struct LayerNormParametersArguments {
    float* dGain;
    float* dBias;
    const float* partial;
    int chunks;
    int C;
};

TANDEM_KERNEL(layer_norm_backward_parameters, LayerNormParametersArguments, 256) {
    int C = arguments.C;
    const float* gains = arguments.partial;
    const float* biases = arguments.partial + (int64) arguments.chunks * C;
    for (int64 c = first_element(); c < C; c += element_stride()) {
        float gain = 0;
        float bias = 0;
        for (int chunk = 0; chunk < arguments.chunks; chunk++) {
            gain += gains[(int64) chunk * C + c];
            bias += biases[(int64) chunk * C + c];
        }
        arguments.dGain[c] += gain;
        arguments.dBias[c] += bias;
    }
}
