#include "gate.cuh"
#include "gate_queue.cuh"

// Which choice has which slot, without atomics: choices are numbered within chunks, chunks within
// bins. A bin is an expert, or for gate_order.cu a digit of the sort key. Choices of one rank stand
// before those of the next, so chunk k·chunks + c holds places of rank k alone.
//
// Bound by latency: four short kernels over 24 bytes per choice and 8·E bytes per chunk.

// ---- places within a chunk -----------------------------------------------------------------------

struct QueueChoicesArguments {
    int* slot;        // below 0 where the choice does not queue, else becomes its place in the chunk
    int* histograms;  // [K, chunks, E]
    const int* expert;
    const int* order; // tokens in the order of the queues; absent: as they are
    int N;
    int K;
    int E;
    int chunks;
    int chunkTokens;  // a multiple of the block
    int inShared;
};

TANDEM_KERNEL(queue_choices, QueueChoicesArguments, 256) {
    int k = blockIdx.x / arguments.chunks;
    int64 begin = (int64) (blockIdx.x % arguments.chunks) * arguments.chunkTokens;
    int64 end = min(begin + arguments.chunkTokens, (int64) arguments.N);
    int* row = arguments.histograms + (int64) blockIdx.x * arguments.E;
    int* histogram = queue_histogram(row, arguments.E, arguments.inShared);
    for (int64 first = begin; first < end; first += blockDim.x) {
        int64 i = first + threadIdx.x;
        int64 choice = i < end ? (arguments.order ? arguments.order[i] : i) * arguments.K + k : 0;
        bool queues = i < end && arguments.slot[choice] >= 0;
        int place = queue_place(queues ? arguments.expert[choice] : -1, histogram);
        if (queues) {
            arguments.slot[choice] = place;
        }
    }
    queue_write(row, histogram, arguments.E);
}

// ---- chunks within bins --------------------------------------------------------------------------

struct QueueScanArguments {
    int* histograms;      // [ranks, chunks, bins]; become the places of each chunk's first
    int* counts;          // [bins]: the length of each queue, at most S
    int* queued;          // [ranks, bins]; may be absent, and all below with it
    int* dropped;         // [ranks, bins]
    double* contributions; // [bins]: probability summed over tokens, times queued of rank 0
    const float* sums;    // [blocks, bins]
    int ranks;
    int chunks;
    int bins;
    int blocks;
    int S;
};

// A block per 32 bins; each warp takes a run of chunks.
TANDEM_KERNEL(queue_scan, QueueScanArguments, 1024) {
    __shared__ int partial[WARP][WARP];
    __shared__ double column[WARP][WARP];
    int64 bins = arguments.bins;
    int bin = blockIdx.x * WARP + lane();
    int* histogram = arguments.histograms + bin;
    int chunks = arguments.ranks * arguments.chunks;
    int share = (chunks + warps() - 1) / warps();
    int begin = min(warp() * share, chunks);
    int end = bin < bins ? min(begin + share, chunks) : begin;
    int length = 0;
    for (int c = begin; c < end; c++) {
        length += histogram[c * bins];
    }
    double sum = 0;
    for (int block = warp(); bin < bins && arguments.sums && block < arguments.blocks; block += warps()) {
        sum += arguments.sums[block * bins + bin];
    }
    partial[warp()][lane()] = length;
    column[warp()][lane()] = sum;
    __syncthreads();
    int before = 0;
    length = 0;
    sum = 0;
    for (int w = 0; w < warps(); w++) {
        before += w < warp() ? partial[w][lane()] : 0;
        length += partial[w][lane()];
        sum += column[w][lane()];
    }
    for (int c = begin; c < end; c++) {
        int count = histogram[c * bins];
        histogram[c * bins] = before;
        before += count;
    }
    __syncthreads(); // what other warps wrote is read
    if (bin < bins && warp() == 0) {
        arguments.counts[bin] = min(length, arguments.S);
    }
    for (int k = warp(); bin < bins && arguments.queued && k < arguments.ranks; k += warps()) {
        int from = histogram[(int64) k * arguments.chunks * bins];
        int to = k + 1 < arguments.ranks ? histogram[(int64) (k + 1) * arguments.chunks * bins] : length;
        arguments.queued[k * bins + bin] = to - from;
        arguments.dropped[k * bins + bin] = max(to - max(from, arguments.S), 0);
        if (k == 0) {
            arguments.contributions[bin] = sum * (to - from);
        }
    }
}

struct QueueRowsArguments {
    int* starts;
    float* balanceLoss; // may be absent, and all of it with it
    float* entropy;
    const int* counts;
    const double* contributions; // [bins]
    const double* entropies;     // [blocks]
    int N;
    int bins;
    int blocks;
    int spacing; // between starts; 0: back to back
};

// One block: the starts of the bins, and sums over bins and over blocks of tokens.
TANDEM_KERNEL(queue_rows, QueueRowsArguments, 1024) {
    __shared__ int partial[WARP];
    __shared__ double sums[WARP];
    int bins = arguments.bins;
    int next = 0;
    for (int first = 0; first < bins; first += blockDim.x) {
        int bin = first + threadIdx.x;
        int count = bin < bins ? arguments.counts[bin] : 0;
        int through = count;
        for (int distance = 1; distance < WARP; distance *= 2) {
            int other = __shfl_up_sync(ALL_LANES, through, distance);
            through += lane() >= distance ? other : 0;
        }
        if (lane() == WARP - 1) {
            partial[warp()] = through;
        }
        __syncthreads();
        int before = next;
        for (int w = 0; w < warps(); w++) {
            before += w < warp() ? partial[w] : 0;
            next += partial[w];
        }
        if (bin < bins) {
            arguments.starts[bin] = arguments.spacing > 0 ? bin * arguments.spacing : before + through - count;
        }
        __syncthreads();
    }
    if (!arguments.balanceLoss) {
        return;
    }
    double balance = 0;
    for (int bin = threadIdx.x; bin < bins; bin += blockDim.x) {
        balance += arguments.contributions[bin];
    }
    balance = block_sum(balance, sums);
    double entropy = 0;
    for (int block = threadIdx.x; block < arguments.blocks; block += blockDim.x) {
        entropy += arguments.entropies[block];
    }
    entropy = block_sum(entropy, sums);
    if (threadIdx.x == 0) {
        *arguments.balanceLoss = (float) (balance * bins / arguments.N / arguments.N);
        *arguments.entropy = (float) (entropy / arguments.N);
    }
}

// ---- places to use -------------------------------------------------------------------------------

struct QueueServeArguments {
    int* slot;
    float* weight; // the probability chosen, becomes the weight
    int* choiceOf;
    const int* expert;
    const int* order;
    const int* firsts; // [K, chunks, E]
    const int* starts;
    const int* counts;
    int N;
    int K;
    int E;
    int S;
    int R;
    int chunks;
    int chunkTokens;
    int compact;
    int normalizeBefore;
};

// The slot of one choice: its place in the chunk, after what stands before the chunk.
TANDEM_DEVICE int queue_slot(const QueueServeArguments& arguments, int choice, const int* firsts) {
    int slot = arguments.slot[choice];
    if (slot < 0) {
        return -1;
    }
    int e = arguments.expert[choice];
    slot += firsts[e];
    if (slot >= arguments.S) {
        return -1;
    }
    arguments.choiceOf[arguments.starts[e] + slot] = choice;
    return slot;
}

// The token at one place of the order. Its choices, N·K in all, are counted by an int.
TANDEM_DEVICE void queue_serve_token(const QueueServeArguments& arguments, int i) {
    int K = arguments.K;
    int first = (arguments.order ? arguments.order[i] : i) * K;
    const int* firsts = arguments.firsts + (int64) (i / arguments.chunkTokens) * arguments.E;
    float sum = 0;
    for (int k = 0; k < K; k++) {
        int slot = queue_slot(arguments, first + k, firsts);
        firsts += (int64) arguments.chunks * arguments.E;
        arguments.slot[first + k] = slot;
        sum += slot >= 0 || arguments.normalizeBefore ? arguments.weight[first + k] : 0;
    }
    float denominator = K == 1 ? 1 : fmaxf(sum, GATE_FLOOR);
    for (int k = 0; k < K; k++) {
        float* weight = arguments.weight + first + k;
        *weight = arguments.slot[first + k] >= 0 ? *weight / denominator : 0;
    }
}

TANDEM_KERNEL(queue_serve, QueueServeArguments, 256) {
    for (int64 i = first_element(); i < arguments.N; i += element_stride()) {
        queue_serve_token(arguments, (int) i);
    }
    for (int64 row = first_element(); row < arguments.R; row += element_stride()) {
        // the last expert that may own the row; back to back, that is the last one of all
        int e = arguments.compact ? arguments.E - 1 : (int) row / arguments.S;
        if (row >= arguments.starts[e] + arguments.counts[e]) {
            arguments.choiceOf[row] = -1;
        }
    }
}
