#include "gate.cuh"

// A warp per token, striding. Bound by bytes, 8·N·E.

struct GateBackwardArguments {
    float* dLogits;
    const float* dWeight;
    const int* expert;
    const int* slot;
    const float* weight;
    const int* queued; // [E]: of first choices
    const float* probabilities;
    Complaint* complaint;
    int N;
    int K;
    int E;
    int normalizeBefore;
    float balance; // dBalanceLoss * E / N^2
};

// One choice as its lane sees it.
struct GateGradient {
    int e; // -1 - lane if there is none
    float p;
    float dWeight;
    bool counts; // its probability is in the sum that weights are shares of
};

TANDEM_DEVICE GateGradient gate_choice(const GateBackwardArguments& arguments, int64 n, int k) {
    GateGradient choice = {-1 - lane(), 0, 0, false};
    int64 i = n * arguments.K + k;
    if (k < arguments.K && verify(arguments.complaint, OPERAND_EXPERT, arguments.expert[i], 0, arguments.E - 1)) {
        bool kept = arguments.slot[i] >= 0;
        choice.e = arguments.expert[i];
        choice.p = arguments.probabilities[n * arguments.E + choice.e];
        choice.dWeight = kept ? arguments.dWeight[i] : 0;
        choice.counts = kept || arguments.normalizeBefore;
    }
    return choice;
}

// Of the probability of one choice, through the weights of all.
TANDEM_DEVICE float gate_gradient(const GateGradient& choice, float sum, float weighted, int K) {
    if (K == 1) {
        return choice.dWeight;
    }
    // under the floor the denominator is a constant
    float gradient = sum < GATE_FLOOR ? choice.dWeight / GATE_FLOOR : (choice.dWeight - weighted) / sum;
    return choice.counts ? gradient : 0;
}

// Adds each lane's part to its entry of a row, lanes with the same entry one after the other.
TANDEM_DEVICE void gate_add(float* row, int e, float part) {
    uint32 equal = __match_any_sync(ALL_LANES, e);
    int turn = __popc(equal & ((1u << lane()) - 1));
    for (int t = 0; __any_sync(ALL_LANES, e >= 0 && turn >= t); t++) {
        if (e >= 0 && turn == t) {
            row[e] += part;
        }
        __syncwarp();
    }
}

// What the choices add to one row. `share` and x are the lane's gradient from the balance loss and
// its probabilities.
template <int V>
TANDEM_DEVICE void gate_row(const GateBackwardArguments& arguments, int64 n, const float* share, const float* x) {
    int E = arguments.E;
    int K = arguments.K;
    int steps = V > 0 ? V : (E + WARP - 1) / WARP;
    const float* p = arguments.probabilities + n * E;
    float* dLogits = arguments.dLogits + n * E;
    GateGradient choice;
    float sum = 0;
    float weighted = 0;
    for (int k = 0; k < K; k += WARP) {
        choice = gate_choice(arguments, n, k + lane());
        sum += choice.counts ? choice.p : 0;
        weighted += choice.e >= 0 ? choice.dWeight * arguments.weight[n * K + k + lane()] : 0;
    }
    sum = warp_sum(sum);
    weighted = warp_sum(weighted);
    float inner = 0;
    for (int k = 0; k < K; k += WARP) {
        choice = K > WARP ? gate_choice(arguments, n, k + lane()) : choice;
        inner += gate_gradient(choice, sum, weighted, K) * choice.p;
    }
    TANDEM_UNROLL
    for (int j = 0; j < steps; j++) {
        int e = lane() + WARP * j;
        if (e < E) {
            inner += V > 0 ? x[j] * share[j] : p[e] * (arguments.balance * arguments.queued[e]);
        }
    }
    inner = warp_sum(inner);
    TANDEM_UNROLL
    for (int j = 0; j < steps; j++) {
        int e = lane() + WARP * j;
        if (e < E) {
            float balance = V > 0 ? share[j] : arguments.balance * arguments.queued[e];
            dLogits[e] = (V > 0 ? x[j] : p[e]) * (balance - inner);
        }
    }
    __syncwarp(); // lanes add to what others wrote
    for (int k = 0; k < K; k += WARP) {
        choice = K > WARP ? gate_choice(arguments, n, k + lane()) : choice;
        gate_add(dLogits, choice.e, gate_gradient(choice, sum, weighted, K) * choice.p);
    }
}

template <int V>
TANDEM_DEVICE void gate_backward(const GateBackwardArguments& arguments) {
    int E = arguments.E;
    float share[V > 0 ? V : 1] = {};
    float x[V > 0 ? V : 1] = {};
    TANDEM_UNROLL
    for (int j = 0; j < V; j++) {
        int e = lane() + WARP * j;
        share[j] = e < E ? arguments.balance * arguments.queued[e] : 0;
    }
    for (int64 n = first_row(); n < arguments.N; n += row_stride()) {
        TANDEM_UNROLL
        for (int j = 0; j < V; j++) {
            int e = lane() + WARP * j;
            x[j] = e < E ? arguments.probabilities[n * E + e] : 0;
        }
        gate_row<V>(arguments, n, share, x);
    }
}

TANDEM_KERNEL(gate_backward_2, GateBackwardArguments, WARP * GATE_WARPS) { gate_backward<2>(arguments); }

TANDEM_KERNEL(gate_backward_8, GateBackwardArguments, WARP * GATE_WARPS) { gate_backward<8>(arguments); }

TANDEM_KERNEL(gate_backward_16, GateBackwardArguments, WARP * GATE_WARPS) { gate_backward<16>(arguments); }

TANDEM_KERNEL(gate_backward_0, GateBackwardArguments, WARP * GATE_WARPS) { gate_backward<0>(arguments); }
