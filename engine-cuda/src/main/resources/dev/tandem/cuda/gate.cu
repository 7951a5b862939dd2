#include "gate.cuh"

// Probabilities and choices; gate_queue.cu goes on from there. A block for 32 tokens, a warp for each
// of them in turn. Bound by bytes, 8·N·E.

constexpr int GATE_TOKENS = 32; // of a block, which sums their probabilities
constexpr int GATE_NOWHERE = 0x7fffffff;

struct GateChooseArguments {
    float* probabilities;
    int* expert;
    int* slot;         // 0 where the choice queues, else -1
    float* weight;     // the probability chosen
    float* sums;       // [blocks, E]: probabilities summed over the tokens of a block
    double* entropies; // [blocks]: the same of the entropy
    uint32* keys;      // [N]: rise as the largest probability falls; may be absent
    const float* logits;
    const int* padding;
    const float* gumbel;
    const float* draws;
    int N;
    int K;
    int E;
    int normalizeBefore;
};

// Ordered as the floats are, zeros of both signs alike, NaN below all.
TANDEM_DEVICE uint32 gate_key(float x) {
    uint32 bits = __float_as_uint(x + 0.0f);
    return x != x ? 0 : bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

TANDEM_DEVICE float gate_value(uint32 key) {
    return __uint_as_float(key & 0x80000000u ? key & 0x7fffffffu : ~key);
}

struct GateChoice {
    uint32 key;
    int e;
};

// The largest score after the last choice in falling order, of equal ones the lowest expert. With
// noise the last choice was by other scores, and only its expert is out.
template <int V>
TANDEM_DEVICE GateChoice gate_next(const float* x, const float* logits, const float* noise, GateChoice last, int E) {
    uint32 key = 0;
    int place = GATE_NOWHERE;
    int steps = V > 0 ? V : (E + WARP - 1) / WARP;
    TANDEM_UNROLL
    for (int j = 0; j < steps; j++) {
        int e = lane() + WARP * j;
        if (e < E) {
            float score = V > 0 ? x[j] : logits[e];
            uint32 candidate = gate_key(noise ? score + noise[e] : score);
            bool open = noise ? e != last.e : candidate < last.key || (candidate == last.key && e > last.e);
            if (open && (place == GATE_NOWHERE || candidate > key)) {
                key = candidate;
                place = e;
            }
        }
    }
    uint32 largest = __reduce_max_sync(ALL_LANES, key);
    return {largest, __reduce_min_sync(ALL_LANES, key == largest ? place : GATE_NOWHERE)};
}

// x becomes the probabilities, which are stored; gives the lane's part of the entropy. Sums in double
// precision hardly depend on the order of experts, so equal sets of logits have equal probabilities.
template <int V>
TANDEM_DEVICE float gate_softmax(float* x, float* p, const float* logits, float largest, int E) {
    int steps = V > 0 ? V : (E + WARP - 1) / WARP;
    double sum = 0;
    float moment = 0;
    TANDEM_UNROLL
    for (int j = 0; j < steps; j++) {
        int e = lane() + WARP * j;
        if (e < E) {
            float distance = (V > 0 ? x[j] : logits[e]) - largest;
            float z = expf(distance);
            sum += z;
            moment += z > 0 ? z * distance : 0;
            if (V > 0) {
                x[j] = z;
            } else {
                p[e] = z;
            }
        }
    }
    sum = warp_sum(sum);
    float scale = (float) (1 / sum);
    TANDEM_UNROLL
    for (int j = 0; j < steps; j++) {
        int e = lane() + WARP * j;
        if (e < E) {
            float probability = (V > 0 ? x[j] : p[e]) * scale;
            p[e] = probability;
            if (V > 0) {
                x[j] = probability;
            }
        }
    }
    // the sum is 1 or more; log1p keeps what a peaked distribution leaves
    return (lane() == 0 ? log1pf((float) (sum - 1)) : 0) - moment * scale;
}

// The choices of one token; x holds its logits, then its probabilities.
template <int V>
TANDEM_DEVICE float gate_token(const GateChooseArguments& arguments, int64 n, float* x) {
    int E = arguments.E;
    int K = arguments.K;
    const float* logits = arguments.logits + n * E;
    float* p = arguments.probabilities + n * E;
    int* expert = arguments.expert + n * K;
    const float* gumbel = arguments.gumbel ? arguments.gumbel + n * E : nullptr;
    GateChoice choice = {0xffffffffu, -1};
    float largest = 0;
    for (int k = 0; k < K; k++) {
        choice = gate_next<V>(x, logits, k == 1 ? gumbel : nullptr, choice, E);
        largest = k == 0 ? gate_value(choice.key) : largest;
        if (lane() == 0) {
            expert[k] = choice.e;
        }
    }
    float entropy = gate_softmax<V>(x, p, logits, largest, E);
    __syncwarp(); // a lane reads what others wrote
    bool padding = arguments.padding && arguments.padding[n] != 0;
    for (int k = lane(); k < K; k += WARP) {
        float probability = p[expert[k]];
        bool queues = !padding;
        if (k == 1 && arguments.draws) {
            float all = arguments.normalizeBefore ? fmaxf(p[expert[0]] + probability, GATE_FLOOR) : 1;
            queues = queues && 2 * (probability / all) > arguments.draws[n];
        }
        arguments.weight[n * K + k] = probability;
        arguments.slot[n * K + k] = queues ? 0 : -1;
        if (k == 0 && arguments.keys) {
            arguments.keys[n] = ~__float_as_uint(probability);
        }
    }
    return entropy;
}

// The tokens of a block. `sums` is shared memory for [GATE_WARPS, WARP * V].
template <int V>
TANDEM_DEVICE void gate_choose(const GateChooseArguments& arguments, float* sums, double* partial) {
    int E = arguments.E;
    float sum[V > 0 ? V : 1] = {};
    float x[V > 0 ? V : 1] = {};
    double entropy = 0;
    int64 begin = (int64) blockIdx.x * GATE_TOKENS;
    int64 end = min(begin + GATE_TOKENS, (int64) arguments.N);
    for (int64 n = begin + warp(); n < end; n += GATE_WARPS) {
        TANDEM_UNROLL
        for (int j = 0; j < V; j++) {
            int e = lane() + WARP * j;
            x[j] = e < E ? arguments.logits[n * E + e] : 0;
        }
        entropy += gate_token<V>(arguments, n, x);
        TANDEM_UNROLL
        for (int j = 0; j < V; j++) {
            sum[j] += x[j];
        }
    }
    TANDEM_UNROLL
    for (int j = 0; j < V; j++) {
        sums[warp() * WARP * V + WARP * j + lane()] = sum[j];
    }
    entropy = block_sum(entropy, partial);
    if (threadIdx.x == 0) {
        arguments.entropies[blockIdx.x] = entropy;
    }
    // the barriers of block_sum lie between the writes and these reads, of global memory too
    for (int e = threadIdx.x; e < E; e += blockDim.x) {
        float column = 0;
        if (V > 0) {
            for (int w = 0; w < GATE_WARPS; w++) {
                column += sums[w * WARP * V + e];
            }
        } else {
            for (int64 n = begin; n < end; n++) {
                column += arguments.probabilities[n * E + e];
            }
        }
        arguments.sums[(int64) blockIdx.x * E + e] = column;
    }
}

TANDEM_KERNEL(gate_choose_2, GateChooseArguments, WARP * GATE_WARPS) {
    __shared__ float sums[GATE_WARPS * WARP * 2];
    __shared__ double partial[WARP];
    gate_choose<2>(arguments, sums, partial);
}

TANDEM_KERNEL(gate_choose_8, GateChooseArguments, WARP * GATE_WARPS) {
    __shared__ float sums[GATE_WARPS * WARP * 8];
    __shared__ double partial[WARP];
    gate_choose<8>(arguments, sums, partial);
}

TANDEM_KERNEL(gate_choose_16, GateChooseArguments, WARP * GATE_WARPS) {
    __shared__ float sums[GATE_WARPS * WARP * 16];
    __shared__ double partial[WARP];
    gate_choose<16>(arguments, sums, partial);
}

TANDEM_KERNEL(gate_choose_0, GateChooseArguments, WARP * GATE_WARPS) {
    __shared__ double partial[WARP];
    gate_choose<0>(arguments, nullptr, partial);
}
