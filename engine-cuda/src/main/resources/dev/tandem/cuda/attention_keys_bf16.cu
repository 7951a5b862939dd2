#include "attention_strips_bf16.cuh"

// Second pass of attention's gradient for BF16, on tensor cores: dk and dv, a block for 64 keys over the
// queries. Probabilities and gradients of scores are rounded to BF16 before they meet rows of dy and q.
// Bound by arithmetic: 8·D operations for each pair of query and key; next to it by shared memory, of
// which each instruction of 4096 operations reads 256 bytes and more.
//
// Keys are on the left of a product here, on the right in the first pass. Nothing says that the instruction
// sums both alike on a GPU, so scores may differ in their last bit, and probabilities with them: for scores
// in the thousands by less than their rounding to BF16.
//
// Blocks along x count (sequence, head, 64 keys), those of a head with the most queries first.

// What a strip's queries bring besides their rows: exponent, factor, delta.
typedef float QueryNumbers[3][STRIP];

// Brings the numbers of queries begin …, a warp for each kind. The block's next barrier shows them to all.
TANDEM_DEVICE void fetch_numbers(
        QueryNumbers& numbers,
        const AttentionBackwardArguments<bfloat16>& arguments,
        Head<bfloat16> head,
        int64 row,
        int begin) {
    if (warp() < 3) {
        const float* left = (warp() == 1 ? arguments.factor : arguments.delta) + row;
        const float* from = warp() == 0 ? head.logSumExp : left;
        float number = begin + lane() < arguments.T ? from[begin + lane()] : 0;
        numbers[warp()][lane()] = warp() == 0 ? exponent(number) : number;
    }
}

// Two neighbours of them, for a lane's two columns of a product.
TANDEM_DEVICE float2 of_columns(const float* numbers, int n) {
    return *reinterpret_cast<const float2*>(numbers + n * 8 + lane_column());
}

// s: from scores to probabilities.
TANDEM_DEVICE void probabilities(StripProducts& s, const QueryNumbers& numbers, float scale) {
    TANDEM_UNROLL
    for (int n = 0; n < STRIP / 8; n++) {
        float2 shift = of_columns(numbers[0], n);
        float2 factor = of_columns(numbers[1], n);
        TANDEM_UNROLL
        for (int i = 0; i < 4; i += 2) {
            s[n][i] = exp2f(s[n][i] * scale - shift.x) * factor.x;
            s[n][i + 1] = exp2f(s[n][i + 1] * scale - shift.y) * factor.y;
        }
    }
}

// Sets probabilities to 0 where a query does not see a key. `ahead` is how far the strip's first query is
// behind the warp's first key, `queries` how many there are.
TANDEM_DEVICE void hide_keys(StripProducts& p, const bool (&hidden)[2], int ahead, int queries) {
    TANDEM_UNROLL
    for (int n = 0; n < STRIP / 8; n++) {
        TANDEM_UNROLL
        for (int i = 0; i < 4; i++) {
            int query = n * 8 + lane_column() + i % 2;
            bool seen = query < queries && lane_row(i / 2) <= ahead + query && !hidden[i / 2];
            p[n][i] = seen ? p[n][i] : 0;
        }
    }
}

// Which of a lane's weights are kept: bit 4·n + lane / 4 % 4 of words[i] for product n, register i. `index`
// is that of the warp's first key, rows are T apart. Four keys share random words: lanes 4 apart have a
// query, and four keys of it, each.
TANDEM_DEVICE void kept_keys(uint32 (&words)[4], Dropout dropout, int64 index, int T) {
    int part = lane() / 4 % 4;
    index += (int64) (lane_column() + part % 2) * T + lane() / 16 * 4 + part / 2 * 8;
    uint32 mine = 0;
    TANDEM_ROLLED
    for (int n = 0; n < STRIP / 8; n++) {
        mine |= (kept(dropout, index + (int64) n * 8 * T) & 15u) << n * 4;
    }
    TANDEM_UNROLL
    for (int i = 0; i < 4; i++) {
        words[i] = __shfl_sync(ALL_LANES, mine, lane() / 16 * 16 + i * 4 + lane() % 4);
    }
}

// p: from probabilities to dropped ones, as far as the scale of what is kept. dp: from their gradient to
// that of the scores.
TANDEM_DEVICE void score_gradients(
        StripProducts& p, StripProducts& dp, const uint32 (&kept)[4], const QueryNumbers& numbers, float keptScale) {
    TANDEM_UNROLL
    for (int n = 0; n < STRIP / 8; n++) {
        float2 delta = of_columns(numbers[2], n);
        TANDEM_UNROLL
        for (int i = 0; i < 4; i++) {
            bool stays = kept[i] >> (n * 4 + lane() / 4 % 4) & 1;
            float upstream = stays ? dp[n][i] * keptScale : 0;
            dp[n][i] = p[n][i] == 0 ? 0 : p[n][i] * (upstream - (i % 2 == 0 ? delta.x : delta.y));
            p[n][i] = stays ? p[n][i] : 0;
        }
    }
}

template <int WIDTH>
TANDEM_DEVICE void store_keys(
        const AttentionBackwardArguments<bfloat16>& arguments,
        Head<bfloat16> head,
        int first,
        const float (&dk)[HeadTile<WIDTH>::PIECES][4],
        const float (&dv)[HeadTile<WIDTH>::PIECES][4]) {
    int D = arguments.D;
    int C = arguments.H * D;
    TANDEM_UNROLL
    for (int half = 0; half < 2; half++) {
        int key = first + lane_row(half);
        if (key < arguments.T) {
            bfloat16* row = arguments.dqkv + head.dqkv + key * head.k.stride + C;
            store_row<WIDTH>(row, D, dk, half, arguments.scale);
            store_row<WIDTH>(row + C, D, dv, half, arguments.keptScale);
        }
    }
}

// What the block's warp owns.
template <int WIDTH>
struct OwnKeys {
    StoredRows<WIDTH> keys;
    StoredRows<WIDTH> values;
    int first;
    bool hidden[2]; // of a lane's rows
    bool anyHidden;
};

// Starts to bring the block's own rows.
template <int WIDTH>
TANDEM_DEVICE OwnKeys<WIDTH> fetch_own(Head<bfloat16> head, Block block, bfloat16* memory) {
    bfloat16* values = memory + HeadTile<WIDTH>::OWN;
    fetch_rows<WIDTH, TILE_ROWS>(memory, head.k, block.begin);
    fetch_rows<WIDTH, TILE_ROWS>(values, head.v, block.begin);
    OwnKeys<WIDTH> own = {
        {HeadTile<WIDTH>::own(memory)}, {HeadTile<WIDTH>::own(values)}, block.begin + warp() * STEP, {}, false};
    TANDEM_UNROLL
    for (int half = 0; half < 2; half++) {
        int key = own.first + lane_row(half);
        own.hidden[half] = head.padding && key < head.k.count && head.padding[key] != 0;
    }
    own.anyHidden = __any_sync(ALL_LANES, own.hidden[0] || own.hidden[1]);
    return own;
}

// Adds what a strip of queries gives to both gradients. `row` is the number of the head's first query.
template <int WIDTH>
TANDEM_DEVICE void add_queries(
        float (&dk)[HeadTile<WIDTH>::PIECES][4],
        float (&dv)[HeadTile<WIDTH>::PIECES][4],
        const OwnKeys<WIDTH>& own,
        const AttentionBackwardArguments<bfloat16>& arguments,
        Head<bfloat16> head,
        int64 row,
        Strips<WIDTH> strip,
        const QueryNumbers& numbers,
        int begin) {
    int T = arguments.T;
    bool guarded = own.anyHidden || begin < own.first + STEP - 1 || begin + STRIP > T;
    StripProducts p;
    StripProducts dp;
    meet<WIDTH>(p, own.keys, strip.first());
    probabilities(p, numbers, head.q.scale);
    if (guarded) {
        hide_keys(p, own.hidden, begin - own.first, T - begin);
    }
    meet<WIDTH>(dp, own.values, strip.second());
    uint32 stay[4] = {~0u, ~0u, ~0u, ~0u};
    if (head.dropout.probability > 0) {
        kept_keys(stay, head.dropout, (row + begin) * T + own.first, T);
    }
    score_gradients(p, dp, stay, numbers, arguments.keptScale);
    add_strip<WIDTH>(dv, p, strip.second(), guarded);
    add_strip<WIDTH>(dk, dp, strip.first(), guarded);
}

template <int WIDTH>
TANDEM_DEVICE void attention_keys(const AttentionBackwardArguments<bfloat16>& arguments) {
    int T = arguments.T;
    Block block = block_of_keys(T);
    Head<bfloat16> head = head_of(arguments, block.head);
    int64 row = (int64) block.head * T;
    bfloat16* memory = TANDEM_SHARED(bfloat16);
    Strips<WIDTH> strips = {memory + 2 * HeadTile<WIDTH>::OWN, 0};
    QueryNumbers* numbers = reinterpret_cast<QueryNumbers*>(strips.memory + Strips<WIDTH>::ALL);
    OwnKeys<WIDTH> own = fetch_own<WIDTH>(head, block, memory);
    strips.fetch(head.q, head.dy, block.begin);
    fetch_numbers(numbers[0], arguments, head, row, block.begin);
    float dk[HeadTile<WIDTH>::PIECES][4] = {};
    float dv[HeadTile<WIDTH>::PIECES][4] = {};
    for (int begin = block.begin; begin < T; begin += STRIP) {
        arrived(); // this strip; all have left the one before it
        Strips<WIDTH> strip = strips;
        strips.turn ^= 1;
        if (begin + STRIP < T) {
            strips.fetch(head.q, head.dy, begin + STRIP);
            fetch_numbers(numbers[strips.turn], arguments, head, row, begin + STRIP);
        }
        if (begin + STRIP > own.first) { // earlier queries see no key of the warp
            add_queries<WIDTH>(dk, dv, own, arguments, head, row, strip, numbers[strip.turn], begin);
        }
    }
    store_keys<WIDTH>(arguments, head, own.first, dk, dv);
}

TANDEM_KERNEL(attention_keys_32_bf16, AttentionBackwardArguments<bfloat16>, 128) { attention_keys<32>(arguments); }
TANDEM_KERNEL(attention_keys_64_bf16, AttentionBackwardArguments<bfloat16>, 128) { attention_keys<64>(arguments); }
TANDEM_ROOMY_KERNEL(attention_keys_80_bf16, AttentionBackwardArguments<bfloat16>, 128) {
    attention_keys<80>(arguments);
}
TANDEM_KERNEL(attention_keys_128_bf16, AttentionBackwardArguments<bfloat16>, 128) { attention_keys<128>(arguments); }
