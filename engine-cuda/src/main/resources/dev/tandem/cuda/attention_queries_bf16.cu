#include "attention_strips_bf16.cuh"

// First pass of attention's gradient for BF16, on tensor cores: dq, a block for 64 queries over the keys.
// Leaves `delta` and `factor` to the second pass, as attention_backward.cu does. Gradients of scores are
// rounded to BF16 before they meet keys. Bound by arithmetic: 6·D operations for each pair of query and
// key; next to it by shared memory, of which each instruction of 4096 operations reads 256 bytes and more.
//
// Blocks lie as in attention_bf16.cu.

// A row's part in the first pass.
struct QueryRow {
    float exponent;
    float delta;
    float sum;
};

// ⟨dy, y⟩ of one of a lane's rows, from the warp's own rows of both.
template <int WIDTH>
TANDEM_DEVICE float output_product(const bfloat16* dy, const bfloat16* y, int half) {
    int offset = lane_row(half) * HeadTile<WIDTH>::STRIDE + lane_column();
    float sum = 0;
    TANDEM_UNROLL
    for (int d = offset; d < offset + WIDTH; d += 8) {
        uint32 a = *reinterpret_cast<const uint32*>(dy + d);
        uint32 b = *reinterpret_cast<const uint32*>(y + d);
        sum += low_half(a) * low_half(b);
        sum += high_half(a) * high_half(b);
    }
    return row_sum(sum);
}

// s = gradient of the scores, as far as the factor, from the gradient dp of the probabilities.
TANDEM_DEVICE void score_gradients(
        QueryRow (&rows)[2], StripProducts& s, const StripProducts& dp, float scale, float keptScale) {
    TANDEM_UNROLL
    for (int n = 0; n < STRIP / 8; n++) {
        TANDEM_UNROLL
        for (int i = 0; i < 4; i++) {
            QueryRow& row = rows[i / 2];
            float p = exp2f(s[n][i] * scale - row.exponent);
            row.sum += p;
            s[n][i] = p == 0 ? 0 : p * (dp[n][i] * keptScale - row.delta);
        }
    }
}

template <int WIDTH>
TANDEM_DEVICE void store_queries(
        const AttentionBackwardArguments<bfloat16>& arguments,
        Head<bfloat16> head,
        Block block,
        const float (&dq)[HeadTile<WIDTH>::PIECES][4],
        const QueryRow (&rows)[2]) {
    TANDEM_UNROLL
    for (int half = 0; half < 2; half++) {
        int query = block.begin + warp() * STEP + lane_row(half);
        float sum = row_sum(rows[half].sum);
        if (query >= arguments.T) {
            continue;
        }
        float factor = sum == 0 ? 1 : 1 / sum;
        bfloat16* row = arguments.dqkv + head.dqkv + query * head.q.stride;
        store_row<WIDTH>(row, arguments.D, dq, half, factor * arguments.scale);
        if (lane() % 4 == 0) {
            arguments.delta[(int64) block.head * arguments.T + query] = rows[half].delta;
            arguments.factor[(int64) block.head * arguments.T + query] = factor;
        }
    }
}

// What the block's warp owns.
template <int WIDTH>
struct OwnQueries {
    StoredRows<WIDTH> queries;
    StoredRows<WIDTH> gradients;
    int first;
    QueryRow rows[2];
};

// Brings the block's own rows, and y to where strips come later.
template <int WIDTH>
TANDEM_DEVICE OwnQueries<WIDTH> fetch_own(
        const AttentionBackwardArguments<bfloat16>& arguments, Head<bfloat16> head, Block block, bfloat16* memory) {
    bfloat16* gradients = memory + HeadTile<WIDTH>::OWN;
    bfloat16* y = gradients + HeadTile<WIDTH>::OWN;
    Rows<bfloat16> attended = head.dy;
    attended.first = arguments.y + (head.dy.first - arguments.dy);
    fetch_rows<WIDTH, TILE_ROWS>(memory, head.q, block.begin);
    fetch_rows<WIDTH, TILE_ROWS>(gradients, head.dy, block.begin);
    fetch_rows<WIDTH, TILE_ROWS>(y, attended, block.begin);
    copies_started();
    arrived();
    OwnQueries<WIDTH> own = {
        {HeadTile<WIDTH>::own(memory)}, {HeadTile<WIDTH>::own(gradients)}, block.begin + warp() * STEP, {}};
    TANDEM_UNROLL
    for (int half = 0; half < 2; half++) {
        int query = own.first + lane_row(half);
        float delta = output_product<WIDTH>(own.gradients.own, HeadTile<WIDTH>::own(y), half);
        own.rows[half] = {query < arguments.T ? exponent(head.logSumExp[query]) : 0, delta, 0};
    }
    __syncthreads(); // y has been read
    return own;
}

// dq += gradients of the scores that a strip of keys and values gives.
template <int WIDTH>
TANDEM_DEVICE void add_keys(
        float (&dq)[HeadTile<WIDTH>::PIECES][4],
        OwnQueries<WIDTH>& own,
        const AttentionBackwardArguments<bfloat16>& arguments,
        Head<bfloat16> head,
        int64 row,
        Strips<WIDTH> strip,
        int begin) {
    StripProducts s;
    StripProducts dp;
    meet<WIDTH>(s, own.queries, strip.first());
    meet<WIDTH>(dp, own.gradients, strip.second());
    uint32 hidden = padded(head.padding, begin, arguments.T);
    bool guarded = hidden != 0 || begin + STRIP - 1 > own.first;
    if (guarded) {
        hide(s, hidden, own.first - begin);
    }
    if (head.dropout.probability > 0) {
        drop(dp, head.dropout, (row + own.first) * arguments.T + begin, arguments.T);
    }
    score_gradients(own.rows, s, dp, head.q.scale, arguments.keptScale);
    add_strip<WIDTH>(dq, s, strip.first(), guarded);
}

template <int WIDTH>
TANDEM_DEVICE void attention_queries(const AttentionBackwardArguments<bfloat16>& arguments) {
    int T = arguments.T;
    Block block = block_of_queries(T);
    Head<bfloat16> head = head_of(arguments, block.head);
    bfloat16* memory = TANDEM_SHARED(bfloat16);
    OwnQueries<WIDTH> own = fetch_own<WIDTH>(arguments, head, block, memory);
    Strips<WIDTH> strips = {memory + 2 * HeadTile<WIDTH>::OWN, 0};
    strips.fetch(head.k, head.v, 0);
    float dq[HeadTile<WIDTH>::PIECES][4] = {};
    int end = min(T, block.begin + TILE_ROWS);
    for (int begin = 0; begin < end; begin += STRIP) {
        arrived(); // this strip; all have left the one before it
        Strips<WIDTH> strip = strips;
        strips.turn ^= 1;
        if (begin + STRIP < end) {
            strips.fetch(head.k, head.v, begin + STRIP);
        }
        if (begin < own.first + STEP) { // no query of the warp sees later keys
            add_keys<WIDTH>(dq, own, arguments, head, (int64) block.head * T, strip, begin);
        }
    }
    store_queries<WIDTH>(arguments, head, block, dq, own.rows);
}

TANDEM_ROOMY_KERNEL(attention_queries_32_bf16, AttentionBackwardArguments<bfloat16>, 128) {
    attention_queries<32>(arguments);
}
TANDEM_KERNEL(attention_queries_64_bf16, AttentionBackwardArguments<bfloat16>, 128) { attention_queries<64>(arguments); }
TANDEM_KERNEL(attention_queries_80_bf16, AttentionBackwardArguments<bfloat16>, 128) { attention_queries<80>(arguments); }
TANDEM_KERNEL(attention_queries_128_bf16, AttentionBackwardArguments<bfloat16>, 128) { attention_queries<128>(arguments); }
