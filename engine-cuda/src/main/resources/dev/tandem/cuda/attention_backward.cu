#include "attention_backward.cuh"
#include "attention_product.cuh"

// Gradient of attention in two passes without atomics, probabilities computed again: first dq, a
// block for 64 queries over the keys, then dk and dv, a block for 64 keys over the queries. Blocks
// lie as in attention.cu. Bound by arithmetic: 6·D and 8·D operations for each pair.
//
// The first pass also leaves two numbers of each query to the second one. `delta` = ⟨dy, y⟩.
// `factor` = 1 / Σ e^(s − logSumExp): where logSumExp is large, its rounding would otherwise show
// in every probability of the row. It is good for the second pass because both, and the forward,
// multiply the same numbers in the same order: scores are equal to the last bit. Hence it is always
// q that carries the scale.

// ⟨dy, y⟩ of a row.
template <class Element>
TANDEM_DEVICE float output_product(const AttentionBackwardArguments<Element>& arguments, Rows<Element> dy, int query) {
    float sum = 0;
    if (query < dy.count) {
        int64 offset = query * dy.stride;
        const Element* y = arguments.y + (dy.first - arguments.dy) + offset;
        for (int d = thread_x(); d < dy.D; d += ROW_THREADS) {
            sum += load(dy.first + offset + d) * load(y + d);
        }
    }
    return row_sum(sum);
}

// ---- queries ---------------------------------------------------------------------------------------

// A row's part in the first pass.
struct QueryRow {
    float exponent;
    float delta;
    float sum;
};

template <int WIDTH, class Element>
TANDEM_DEVICE void store_queries(
        const AttentionBackwardArguments<Element>& arguments,
        Head<Element> head,
        Block block,
        const float (&dq)[THREAD_ROWS][Channels<WIDTH>::COUNT],
        const QueryRow (&rows)[THREAD_ROWS]) {
    for (int r = 0; r < THREAD_ROWS; r++) {
        int query = block.begin + first_thread_row() + r;
        float sum = row_sum(rows[r].sum);
        if (query >= head.q.count) {
            continue;
        }
        float factor = sum == 0 ? 1 : 1 / sum;
        Element* row = arguments.dqkv + head.dqkv + query * head.q.stride;
        bool aligned = quads_aligned(row, head.q.stride, head.q.D);
        store_row<WIDTH>(row, blockIdx.y * WIDTH, head.q.D, aligned, dq[r], factor * arguments.scale);
        if (thread_x() == 0 && blockIdx.y == 0) {
            arguments.delta[(int64) block.head * head.q.count + query] = rows[r].delta;
            arguments.factor[(int64) block.head * head.q.count + query] = factor;
        }
    }
}

// s = gradient of the scores, as far as the factor, from the gradient dp of the probabilities.
template <int COUNT>
TANDEM_DEVICE void score_gradients(QueryRow& row, float (&s)[COUNT], const float (&dp)[COUNT], float keptScale) {
    for (int c = 0; c < COUNT; c++) {
        float p = exp2f(s[c] - row.exponent);
        row.sum += p;
        s[c] = p == 0 ? 0 : p * (dp[c] * keptScale - row.delta);
    }
}

template <int WIDTH, int STREAMED, class Element>
TANDEM_DEVICE void attention_queries(const AttentionBackwardArguments<Element>& arguments) {
    Block block = block_of_queries(arguments.T);
    Head<Element> head = head_of(arguments, block.head);
    OwnTile<Element> queries = {TANDEM_SHARED(float), head.q, block.begin, false};
    OwnTile<Element> gradients = {queries.tile + Channels<WIDTH>::OWN_TILE, head.dy, block.begin, false};
    float* streamed = gradients.tile + Channels<WIDTH>::OWN_TILE;
    float* weights = streamed + STREAMED * Channels<WIDTH>::STRIDE;
    float dq[THREAD_ROWS][Channels<WIDTH>::COUNT] = {};
    QueryRow rows[THREAD_ROWS];
    int first = block.begin + first_thread_row();
    for (int r = 0; r < THREAD_ROWS; r++) {
        float logSumExp = first + r < arguments.T ? head.logSumExp[first + r] : 0;
        rows[r] = {exponent(logSumExp), output_product(arguments, head.dy, first + r), 0};
    }
    for (int begin = 0; begin < min(arguments.T, block.begin + TILE_ROWS); begin += STREAMED) {
        float dp[THREAD_ROWS][Meetings<STREAMED>::COUNT];
        float s[THREAD_ROWS][Meetings<STREAMED>::COUNT];
        meet<WIDTH, STREAMED>(dp, gradients, streamed, head.v, begin);
        meet<WIDTH, STREAMED>(s, queries, streamed, head.k, begin);
        int key = begin + Meetings<STREAMED>::first();
        bool guarded = head.padding || begin + STREAMED - 1 > block.begin;
        if (guarded) {
            hide<STREAMED>(s, head.padding, key, arguments.T, first);
        }
        if (head.dropout.probability > 0) {
            int64 row = (int64) block.head * arguments.T + first;
            drop<STREAMED>(dp, head.dropout, row * arguments.T + key, arguments.T);
        }
        for (int r = 0; r < THREAD_ROWS; r++) {
            score_gradients(rows[r], s[r], dp[r], arguments.keptScale);
        }
        put_weights<STREAMED>(weights, s);
        if (arguments.D > WIDTH) {
            replace<WIDTH, STREAMED>(streamed, head.k, begin, blockIdx.y * WIDTH);
        }
        add_weighted<WIDTH, STREAMED>(dq, weights, streamed, guarded);
    }
    store_queries<WIDTH>(arguments, head, block, dq, rows);
}

TANDEM_KERNEL(attention_queries_32, AttentionBackwardArguments<float>, 256) { attention_queries<32, 64>(arguments); }
TANDEM_KERNEL(attention_queries_64, AttentionBackwardArguments<float>, 256) { attention_queries<64, 64>(arguments); }
TANDEM_KERNEL(attention_queries_80, AttentionBackwardArguments<float>, 256) { attention_queries<80, 64>(arguments); }
TANDEM_KERNEL(attention_queries_128, AttentionBackwardArguments<float>, 256) { attention_queries<128, 32>(arguments); }
TANDEM_KERNEL(attention_queries_wide_bf16, AttentionBackwardArguments<bfloat16>, 256) { attention_queries<128, 32>(arguments); }

// ---- keys and values -------------------------------------------------------------------------------

// s: from scores to probabilities.
template <int STREAMED, class Element>
TANDEM_DEVICE void probabilities(
        const AttentionBackwardArguments<Element>& arguments,
        Head<Element> head,
        Block block,
        float (&s)[THREAD_ROWS][Meetings<STREAMED>::COUNT],
        int query) {
    int key = block.begin + first_thread_row();
    for (int c = 0; c < Meetings<STREAMED>::COUNT; c++) {
        bool exists = query + c < arguments.T;
        float shift = exists ? exponent(head.logSumExp[query + c]) : 0;
        float factor = exists ? arguments.factor[(int64) block.head * arguments.T + query + c] : 0;
        for (int r = 0; r < THREAD_ROWS; r++) {
            bool hidden = head.padding && key + r < arguments.T && head.padding[key + r] != 0;
            bool seen = exists && key + r <= query + c && !hidden;
            s[r][c] = seen ? exp2f(s[r][c] - shift) * factor : 0;
        }
    }
}

// p: from probabilities to dropped ones, as far as the scale of what is kept. dp: from their gradient
// to that of the scores.
template <int STREAMED, class Element>
TANDEM_DEVICE void score_gradients(
        const AttentionBackwardArguments<Element>& arguments,
        Head<Element> head,
        Block block,
        float (&p)[THREAD_ROWS][Meetings<STREAMED>::COUNT],
        float (&dp)[THREAD_ROWS][Meetings<STREAMED>::COUNT],
        int query) {
    for (int c = 0; c < Meetings<STREAMED>::COUNT; c++) {
        int64 row = (int64) block.head * arguments.T + query + c;
        float delta = query + c < arguments.T ? arguments.delta[row] : 0;
        uint32 bits = ~0u;
        if (head.dropout.probability > 0) {
            bits = kept(head.dropout, row * arguments.T + block.begin + first_thread_row());
        }
        for (int r = 0; r < THREAD_ROWS; r++) {
            float upstream = bits >> r & 1 ? dp[r][c] * arguments.keptScale : 0;
            dp[r][c] = p[r][c] == 0 ? 0 : p[r][c] * (upstream - delta);
            p[r][c] = bits >> r & 1 ? p[r][c] : 0;
        }
    }
}

// q carries scale · log2 e, of which dk wants the scale.
template <int WIDTH, class Element>
TANDEM_DEVICE void store_keys(
        const AttentionBackwardArguments<Element>& arguments,
        Head<Element> head,
        Block block,
        const float (&dk)[THREAD_ROWS][Channels<WIDTH>::COUNT],
        const float (&dv)[THREAD_ROWS][Channels<WIDTH>::COUNT]) {
    int D = arguments.D;
    int C = arguments.H * D;
    for (int r = 0; r < THREAD_ROWS; r++) {
        int key = block.begin + first_thread_row() + r;
        if (key < arguments.T) {
            Element* row = arguments.dqkv + head.dqkv + key * head.k.stride + C;
            bool aligned = quads_aligned(row, head.k.stride, D);
            store_row<WIDTH>(row, blockIdx.y * WIDTH, D, aligned, dk[r], LN_2);
            store_row<WIDTH>(row + C, blockIdx.y * WIDTH, D, aligned, dv[r], arguments.keptScale);
        }
    }
}

template <int WIDTH, int STREAMED, class Element>
TANDEM_DEVICE void attention_keys(const AttentionBackwardArguments<Element>& arguments) {
    int T = arguments.T;
    Block block = block_of_keys(T);
    Head<Element> head = head_of(arguments, block.head);
    OwnTile<Element> keys = {TANDEM_SHARED(float), head.k, block.begin, false};
    OwnTile<Element> values = {keys.tile + Channels<WIDTH>::OWN_TILE, head.v, block.begin, false};
    float* streamed = values.tile + Channels<WIDTH>::OWN_TILE;
    float* weights = streamed + STREAMED * Channels<WIDTH>::STRIDE;
    float dk[THREAD_ROWS][Channels<WIDTH>::COUNT] = {};
    float dv[THREAD_ROWS][Channels<WIDTH>::COUNT] = {};
    for (int begin = block.begin; begin < T; begin += STREAMED) {
        float s[THREAD_ROWS][Meetings<STREAMED>::COUNT];
        float dp[THREAD_ROWS][Meetings<STREAMED>::COUNT];
        int query = begin + Meetings<STREAMED>::first();
        bool guarded = head.padding || begin < block.begin + TILE_ROWS - 1;
        meet<WIDTH, STREAMED>(s, keys, streamed, head.q, begin);
        probabilities<STREAMED>(arguments, head, block, s, query);
        meet<WIDTH, STREAMED>(dp, values, streamed, head.dy, begin);
        score_gradients<STREAMED>(arguments, head, block, s, dp, query);
        put_weights<STREAMED>(weights, s);
        if (arguments.D > WIDTH) {
            replace<WIDTH, STREAMED>(streamed, head.dy, begin, blockIdx.y * WIDTH);
        }
        add_weighted<WIDTH, STREAMED>(dv, weights, streamed, guarded);
        put_weights<STREAMED>(weights, dp);
        replace<WIDTH, STREAMED>(streamed, head.q, begin, blockIdx.y * WIDTH);
        add_weighted<WIDTH, STREAMED>(dk, weights, streamed, guarded);
    }
    store_keys<WIDTH>(arguments, head, block, dk, dv);
}

TANDEM_KERNEL(attention_keys_32, AttentionBackwardArguments<float>, 256) { attention_keys<32, 64>(arguments); }
TANDEM_KERNEL(attention_keys_64, AttentionBackwardArguments<float>, 256) { attention_keys<64, 64>(arguments); }
TANDEM_KERNEL(attention_keys_80, AttentionBackwardArguments<float>, 256) { attention_keys<80, 64>(arguments); }
TANDEM_KERNEL(attention_keys_128, AttentionBackwardArguments<float>, 256) { attention_keys<128, 32>(arguments); }
TANDEM_KERNEL(attention_keys_wide_bf16, AttentionBackwardArguments<bfloat16>, 256) { attention_keys<128, 32>(arguments); }
