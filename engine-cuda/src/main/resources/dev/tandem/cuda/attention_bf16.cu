#include "attention_forward.cuh"
#include "attention_bf16.cuh"

// Attention over whole sequences and prompts for BF16, on tensor cores, without a [T, T] matrix; weights
// are rounded to BF16 before they meet values. Bound by arithmetic: 4·D operations for each pair of query
// and key; next to it by shared memory, of which each instruction of 4096 operations reads 256 bytes.
//
// Blocks along x count (sequence, head, 64 queries), those of a head with the most keys first. Keys and
// values take turns: while one tile is multiplied the other is on its way.
// Source: Dao, FlashAttention-2, 2023, <https://arxiv.org/abs/2307.08691>.

constexpr int KEYS = 64; // of a tile

// The softmax of a row as far as it is known: the largest score, and this lane's part of the sum of powers
// of 2 relative to it.
struct Softmax {
    float largest;
    float sum;
};

// Turns the scores of a lane's row into powers, and gives the factor by which all that is older must
// shrink.
template <int PIECES>
TANDEM_DEVICE float advance(Softmax& softmax, float (&s)[PIECES][4], int half, float scale) {
    float largest = minus_infinity();
    TANDEM_UNROLL
    for (int n = 0; n < PIECES; n++) {
        largest = largest > s[n][half * 2] ? largest : s[n][half * 2];
        largest = largest > s[n][half * 2 + 1] ? largest : s[n][half * 2 + 1];
    }
    largest = row_max(largest) * scale;
    largest = largest > softmax.largest ? largest : softmax.largest;
    float base = largest == minus_infinity() ? 0 : largest;
    float shrink = exp2f(softmax.largest - base);
    softmax.largest = largest;
    softmax.sum *= shrink;
    TANDEM_UNROLL
    for (int n = 0; n < PIECES; n++) {
        TANDEM_UNROLL
        for (int i = half * 2; i < half * 2 + 2; i++) {
            s[n][i] = exp2f(s[n][i] * scale - base);
            softmax.sum += s[n][i];
        }
    }
    return shrink;
}

// A tile's scores become weights, and y shrinks with what is older.
template <int PIECES, int COUNT>
TANDEM_DEVICE void advance(Softmax (&softmax)[2], float (&s)[PIECES][4], float (&y)[COUNT][4], float scale) {
    float shrink[2] = {advance(softmax[0], s, 0, scale), advance(softmax[1], s, 1, scale)};
    TANDEM_UNROLL
    for (int n = 0; n < COUNT; n++) {
        TANDEM_UNROLL
        for (int i = 0; i < 4; i++) {
            y[n][i] *= shrink[i / 2];
        }
    }
}

template <int WIDTH>
TANDEM_DEVICE void store_attended(
        const AttentionForwardArguments<bfloat16>& arguments,
        Block block,
        const float (&y)[HeadTile<WIDTH>::PIECES][4],
        const Softmax (&softmax)[2]) {
    int T = arguments.T;
    int D = arguments.D;
    int C = arguments.H * D;
    int column = block.head % arguments.H * D;
    TANDEM_UNROLL
    for (int half = 0; half < 2; half++) {
        int query = block.begin + warp() * STEP + lane_row(half);
        float sum = row_sum(softmax[half].sum);
        if (query >= T) {
            continue;
        }
        bfloat16* row = arguments.y + ((int64) (block.head / arguments.H) * T + query) * C + column;
        store_row<WIDTH>(row, D, y, half, sum == 0 ? 0 : arguments.keptScale / sum);
        if (arguments.logSumExp && lane() % 4 == 0) {
            arguments.logSumExp[(int64) block.head * T + query] = (softmax[half].largest + log2f(sum)) * LN_2;
        }
    }
}

// y += weights · a tile of values. `ahead` is how far the warp's first query is behind the first of them.
template <int WIDTH>
TANDEM_DEVICE void add_values(
        float (&y)[HeadTile<WIDTH>::PIECES][4],
        const float (&weights)[KEYS / 8][4],
        const bfloat16* values,
        int ahead,
        bool guarded) {
    TANDEM_UNROLL
    for (int key = 0; key < KEYS; key += STEP) {
        if (key < ahead + STEP) { // no query of the warp sees later ones
            uint32 rounded[4];
            round_weights(rounded, weights[key / 8], weights[key / 8 + 1]);
            add_weighted<WIDTH>(y, rounded, values + key * HeadTile<WIDTH>::STRIDE, guarded);
        }
    }
}

template <int WIDTH>
TANDEM_DEVICE void attention_forward(const AttentionForwardArguments<bfloat16>& arguments) {
    int T = arguments.T;
    Block block = block_of_queries(T);
    Head<bfloat16> head = head_of(arguments, block.head);
    bfloat16* keys = TANDEM_SHARED(bfloat16);
    bfloat16* values = keys + HeadTile<WIDTH>::OWN;
    fetch_rows<WIDTH, TILE_ROWS>(values, head.q, block.begin); // where values come when registers hold them
    fetch_rows<WIDTH, KEYS>(keys, head.k, 0);
    copies_started();
    arrived();
    HeldRows<WIDTH> queries;
    queries.hold(HeadTile<WIDTH>::own(values));
    __syncthreads();
    float y[HeadTile<WIDTH>::PIECES][4] = {};
    Softmax softmax[2] = {{minus_infinity(), 0}, {minus_infinity(), 0}};
    int query = block.begin + warp() * STEP;
    int first = arguments.start + query; // its position
    int end = min(head.k.count, arguments.start + block.begin + TILE_ROWS);
    for (int begin = 0; begin < end; begin += KEYS) {
        fetch_rows<WIDTH, KEYS>(values, head.v, begin);
        copies_started();
        float s[KEYS / 8][4];
        meet<WIDTH>(s, queries, keys);
        uint64 hidden = padded(head.padding, begin, head.k.count);
        hidden |= (uint64) padded(head.padding, begin + WARP, head.k.count) << WARP;
        bool guarded = hidden != 0 || begin + KEYS - 1 > first;
        if (guarded) {
            hide(s, hidden, first - begin);
        }
        advance(softmax, s, y, head.q.scale);
        if (head.dropout.probability > 0) {
            drop(s, head.dropout, ((int64) block.head * T + query) * T + begin, T);
        }
        arrived(); // values; all have left the keys
        if (begin + KEYS < end) {
            fetch_rows<WIDTH, KEYS>(keys, head.k, begin + KEYS);
            copies_started();
        }
        add_values<WIDTH>(y, s, values, first - begin, guarded);
        arrived(); // keys; all have left the values
    }
    store_attended<WIDTH>(arguments, block, y, softmax);
}

TANDEM_KERNEL(attention_forward_32_bf16, AttentionForwardArguments<bfloat16>, 128) { attention_forward<32>(arguments); }
TANDEM_KERNEL(attention_forward_64_bf16, AttentionForwardArguments<bfloat16>, 128) { attention_forward<64>(arguments); }
TANDEM_KERNEL(attention_forward_80_bf16, AttentionForwardArguments<bfloat16>, 128) { attention_forward<80>(arguments); }
TANDEM_KERNEL(attention_forward_128_bf16, AttentionForwardArguments<bfloat16>, 128) { attention_forward<128>(arguments); }
