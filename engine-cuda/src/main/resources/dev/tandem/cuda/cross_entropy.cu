#include "four.cuh"

// Grid: a block for every token. Forward reads the row once: a thread keeps the largest of its logits
// and the sum of powers below it. Bound by bytes: 4·N·V forward, 8·N·V backward.

// What log-softmax needs of a row.
struct Softmax {
    float largest;
    float sum; // of e^(logit - largest)
};

// Largest value of the block, in every thread, with the duties of block_sum.
TANDEM_DEVICE float block_max(float value, float* partial) {
    value = warp_max(value);
    if (lane() == 0) {
        partial[warp()] = value;
    }
    __syncthreads();
    value = warp_max(partial[lane() < warps() ? lane() : 0]);
    __syncthreads();
    return value;
}

// First logit of a thread in row n. Starts up to three logits before the row, where 16 bytes may be
// accessed at once; not taken from the address, so that who adds what follows from n and V alone.
TANDEM_DEVICE int64 first_logit(int64 n, int V) { return 4 * (int64) threadIdx.x - n * V % 4; }

// Every thread of the block must call it and gets the same.
TANDEM_DEVICE Softmax softmax_of(const float* logits, int64 n, int V, float* partial) {
    float nothing = -infinity();
    float largest = -3.402823466e38f; // finite, so that -infinity has a distance to it
    float sum = 0;
    for (int64 v = first_logit(n, V); v < V; v += 4 * blockDim.x) {
        Four four = load_four(logits, v, V, nothing);
        float top = max(max(four.at[0], four.at[1]), max(four.at[2], four.at[3]));
        if (top > largest) {
            sum *= expf(largest - top);
            largest = top;
        }
        for (int k = 0; k < 4; k++) {
            sum += expf(four.at[k] - largest);
        }
    }
    float own = largest;
    largest = block_max(own, partial);
    return {largest, block_sum(sum * expf(own - largest), partial)};
}

struct CrossEntropyForwardArguments {
    float* loss;
    float* logSumExp;
    const float* logits;
    const int* targets;
    Complaint* complaint;
    int V;
};

TANDEM_KERNEL(cross_entropy_forward, CrossEntropyForwardArguments, 512) {
    __shared__ float partial[WARP];
    int64 n = blockIdx.x;
    int V = arguments.V;
    const float* logits = arguments.logits + n * V;
    Softmax softmax = softmax_of(logits, n, V, partial);
    if (threadIdx.x == 0) {
        int target = arguments.targets[n];
        bool scored = verify(arguments.complaint, OPERAND_TARGETS, target, -1, V - 1) && target >= 0;
        float rest = logf(softmax.sum);
        arguments.logSumExp[n] = softmax.largest + rest;
        // the difference first: both may be large and nearly equal
        arguments.loss[n] = scored ? rest + (softmax.largest - logits[target]) : 0;
    }
}

struct CrossEntropyTotalArguments {
    float* total;
    const float* loss;
    int N;
};

// One block. Which thread adds what follows from N alone.
TANDEM_KERNEL(cross_entropy_total, CrossEntropyTotalArguments, 512) {
    __shared__ double partial[WARP];
    double sum = 0;
    for (int64 n = threadIdx.x; n < arguments.N; n += blockDim.x) {
        sum += arguments.loss[n];
    }
    sum = block_sum(sum, partial);
    if (threadIdx.x == 0) {
        arguments.total[0] = (float) sum;
    }
}

// From here on the rounding of a saved logSumExp shows in e^(logit - logSumExp).
constexpr float CROSS_ENTROPY_EXACT = 32;

template <class Element>
struct CrossEntropyBackwardArguments {
    Element* dLogits;
    const float* logSumExp;
    const float* logits;
    const int* targets;
    Complaint* complaint;
    int V;
    float scale;
};

// dLogits may be the logits where both are F32: a thread reads what it writes before, and a block its whole row.
template <class Element>
TANDEM_DEVICE void backward(const CrossEntropyBackwardArguments<Element>& arguments) {
    __shared__ float partial[WARP];
    int64 n = blockIdx.x;
    int V = arguments.V;
    const float* logits = arguments.logits + n * V;
    Element* dLogits = arguments.dLogits + n * V;
    int target = arguments.targets[n];
    bool scored = verify(arguments.complaint, OPERAND_TARGETS, target, -1, V - 1) && target >= 0;
    float shift = arguments.logSumExp[n];
    float scale = arguments.scale;
    if (scored && fabsf(shift) >= CROSS_ENTROPY_EXACT) {
        Softmax softmax = softmax_of(logits, n, V, partial);
        shift = softmax.largest;
        scale /= softmax.sum;
    }
    for (int64 v = first_logit(n, V); v < V; v += 4 * blockDim.x) {
        Four four = {{0, 0, 0, 0}};
        if (scored) {
            four = load_four(logits, v, V);
            for (int k = 0; k < 4; k++) {
                four.at[k] = expf(four.at[k] - shift) * scale - (v + k == target ? arguments.scale : 0);
            }
        }
        store_four(dLogits, v, V, four);
    }
}

TANDEM_KERNEL(cross_entropy_backward, CrossEntropyBackwardArguments<float>, 512) { backward(arguments); }
TANDEM_KERNEL(cross_entropy_backward_bf16, CrossEntropyBackwardArguments<bfloat16>, 512) { backward(arguments); }
