#include "tandem.cuh"

// Sorts tokens by a key, 8 bits after the other from the lowest, equal keys in the order they had:
// every chunk counts its digits, the counts before each are added up, every chunk moves its tokens.
// Atomics only count; where a token goes follows from the order alone. Launch-bound: 16 bytes per
// token and digit.

constexpr int SORT_DIGITS = 256; // one for each thread of a block
constexpr int SORT_ROUNDS = 4;
constexpr int SORT_CHUNK = SORT_DIGITS * SORT_ROUNDS; // TokenSort has the same
constexpr int SORT_WARPS = SORT_DIGITS / WARP;

TANDEM_DEVICE int digit_of(int key, int shift) { return key >> shift & (SORT_DIGITS - 1); }

struct TokenSortCountArguments {
    int* counts; // [chunks, 256]
    const int* keys;
    int N;
    int shift;
};

// Grid: a block for every chunk.
TANDEM_KERNEL(token_sort_count, TokenSortCountArguments, SORT_DIGITS) {
    __shared__ int counts[SORT_DIGITS];
    int digit = threadIdx.x;
    counts[digit] = 0;
    __syncthreads();
    int64 begin = (int64) blockIdx.x * SORT_CHUNK;
    int64 end = min(begin + SORT_CHUNK, (int64) arguments.N);
    for (int64 j = begin + threadIdx.x; j < end; j += SORT_DIGITS) {
        atomicAdd(&counts[digit_of(arguments.keys[j], arguments.shift)], 1);
    }
    __syncthreads();
    arguments.counts[(int64) blockIdx.x * SORT_DIGITS + digit] = counts[digit];
}

struct TokenSortOffsetsArguments {
    int* counts; // [chunks, 256]: becomes the place of the first of them
    int chunks;
};

// One block, a thread for every digit.
TANDEM_KERNEL(token_sort_offsets, TokenSortOffsetsArguments, SORT_DIGITS) {
    __shared__ int totals[SORT_WARPS];
    int* counts = arguments.counts + threadIdx.x;
    int total = 0;
    for (int64 chunk = 0; chunk < arguments.chunks; chunk++) {
        total += counts[chunk * SORT_DIGITS];
    }
    int through = total; // of this warp's digits up to mine
    for (int distance = 1; distance < WARP; distance *= 2) {
        int other = __shfl_up_sync(ALL_LANES, through, distance);
        through += lane() >= distance ? other : 0;
    }
    if (lane() == WARP - 1) {
        totals[warp()] = through;
    }
    __syncthreads();
    int place = through - total;
    for (int w = 0; w < warp(); w++) {
        place += totals[w];
    }
    for (int64 chunk = 0; chunk < arguments.chunks; chunk++) {
        int count = counts[chunk * SORT_DIGITS];
        counts[chunk * SORT_DIGITS] = place;
        place += count;
    }
}

struct TokenSortMoveArguments {
    int* sortedKeys;
    int* sortedTokens;
    const int* keys;
    const int* tokens;
    const int* places; // [chunks, 256]
    int N;
    int shift;
};

// Grid: a block for every chunk. A warp takes 4·32 tokens that follow each other.
TANDEM_KERNEL(token_sort_move, TokenSortMoveArguments, SORT_DIGITS) {
    __shared__ int counts[SORT_WARPS][SORT_DIGITS];
    for (int w = 0; w < SORT_WARPS; w++) {
        counts[w][threadIdx.x] = 0;
    }
    __syncthreads();
    int64 first = (int64) blockIdx.x * SORT_CHUNK + warp() * (WARP * SORT_ROUNDS) + lane();
    int rank[SORT_ROUNDS]; // among the tokens of this warp with the same digit
    for (int round = 0; round < SORT_ROUNDS; round++) {
        int64 j = first + round * WARP;
        int digit = j < arguments.N ? digit_of(arguments.keys[j], arguments.shift) : -1;
        uint32 same = __match_any_sync(ALL_LANES, digit);
        uint32 earlier = same & ((1u << lane()) - 1);
        int before = digit < 0 ? 0 : counts[warp()][digit];
        __syncwarp();
        if (digit >= 0 && earlier == 0) {
            counts[warp()][digit] = before + __popc(same);
        }
        __syncwarp();
        rank[round] = before + __popc(earlier);
    }
    __syncthreads();
    int place = arguments.places[(int64) blockIdx.x * SORT_DIGITS + threadIdx.x];
    for (int w = 0; w < SORT_WARPS; w++) {
        int count = counts[w][threadIdx.x];
        counts[w][threadIdx.x] = place;
        place += count;
    }
    __syncthreads();
    for (int round = 0; round < SORT_ROUNDS; round++) {
        int64 j = first + round * WARP;
        if (j < arguments.N) {
            int key = arguments.keys[j];
            int to = counts[warp()][digit_of(key, arguments.shift)] + rank[round];
            arguments.sortedKeys[to] = key;
            arguments.sortedTokens[to] = arguments.tokens[j];
        }
    }
}
