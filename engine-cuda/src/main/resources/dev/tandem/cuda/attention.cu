#include "attention_forward.cuh"
#include "attention_product.cuh"

// Attention over whole sequences and prompts, without a [T, T] matrix. Bound by arithmetic: 4·D
// operations for each pair of query and key.
//
// Blocks along x count (sequence, head, 64 queries), those along y chunks of the result's channels where
// the most keys; blocks along y count chunks of y's channels where a head is wider than the kernel.

// The softmax of a row as far as it is known: the largest score, and this thread's part of the sum
// of powers of 2 relative to it.
struct Softmax {
    float largest;
    float sum;
};

// Turns scores into powers, and gives the factor by which all that is older must shrink.
template <int COUNT>
TANDEM_DEVICE float advance(Softmax& softmax, float (&s)[COUNT]) {
    float largest = s[0];
    for (int c = 1; c < COUNT; c++) {
        largest = largest > s[c] ? largest : s[c];
    }
    largest = row_max(largest);
    largest = largest > softmax.largest ? largest : softmax.largest;
    float base = largest == minus_infinity() ? 0 : largest;
    float shrink = exp2f(softmax.largest - base);
    softmax.largest = largest;
    softmax.sum *= shrink;
    for (int c = 0; c < COUNT; c++) {
        s[c] = exp2f(s[c] - base);
        softmax.sum += s[c];
    }
    return shrink;
}

template <int WIDTH, class Element>
TANDEM_DEVICE void store_attended(
        const AttentionForwardArguments<Element>& arguments,
        Block block,
        const float (&y)[THREAD_ROWS][Channels<WIDTH>::COUNT],
        const Softmax (&softmax)[THREAD_ROWS]) {
    int T = arguments.T;
    int D = arguments.D;
    int C = arguments.H * D;
    int b = block.head / arguments.H;
    int h = block.head % arguments.H;
    for (int r = 0; r < THREAD_ROWS; r++) {
        int query = block.begin + first_thread_row() + r;
        float sum = row_sum(softmax[r].sum);
        if (query >= T) {
            continue;
        }
        Element* row = arguments.y + ((int64) b * T + query) * C + h * D;
        float scale = sum == 0 ? 0 : arguments.keptScale / sum;
        store_row<WIDTH>(row, blockIdx.y * WIDTH, D, quads_aligned(row, C, D), y[r], scale);
        if (arguments.logSumExp && thread_x() == 0 && blockIdx.y == 0) {
            arguments.logSumExp[(int64) block.head * T + query] = (softmax[r].largest + log2f(sum)) * LN_2;
        }
    }
}

template <int WIDTH, int STREAMED, class Element>
TANDEM_DEVICE void attention_forward(const AttentionForwardArguments<Element>& arguments) {
    int T = arguments.T;
    Block block = block_of_queries(T);
    Head<Element> head = head_of(arguments, block.head);
    OwnTile<Element> queries = {TANDEM_SHARED(float), head.q, block.begin, false};
    float* streamed = queries.tile + Channels<WIDTH>::OWN_TILE;
    float* weights = streamed + STREAMED * Channels<WIDTH>::STRIDE;
    float y[THREAD_ROWS][Channels<WIDTH>::COUNT] = {};
    Softmax softmax[THREAD_ROWS];
    for (int r = 0; r < THREAD_ROWS; r++) {
        softmax[r] = {minus_infinity(), 0};
    }
    int first = arguments.start + block.begin; // the first query's position
    for (int begin = 0; begin < min(head.k.count, first + TILE_ROWS); begin += STREAMED) {
        float s[THREAD_ROWS][Meetings<STREAMED>::COUNT];
        meet<WIDTH, STREAMED>(s, queries, streamed, head.k, begin);
        int key = begin + Meetings<STREAMED>::first();
        bool guarded = head.padding || begin + STREAMED - 1 > first;
        if (guarded) {
            hide<STREAMED>(s, head.padding, key, head.k.count, first + first_thread_row());
        }
        for (int r = 0; r < THREAD_ROWS; r++) {
            float shrink = advance(softmax[r], s[r]);
            for (int c = 0; c < Channels<WIDTH>::COUNT; c++) {
                y[r][c] *= shrink;
            }
        }
        if (head.dropout.probability > 0) {
            int64 row = (int64) block.head * T + block.begin + first_thread_row();
            drop<STREAMED>(s, head.dropout, row * T + key, T);
        }
        put_weights<STREAMED>(weights, s);
        replace<WIDTH, STREAMED>(streamed, head.v, begin, blockIdx.y * WIDTH);
        add_weighted<WIDTH, STREAMED>(y, weights, streamed, guarded);
    }
    store_attended<WIDTH>(arguments, block, y, softmax);
}

TANDEM_KERNEL(attention_forward_32, AttentionForwardArguments<float>, 256) { attention_forward<32, 64>(arguments); }
TANDEM_KERNEL(attention_forward_64, AttentionForwardArguments<float>, 256) { attention_forward<64, 64>(arguments); }
TANDEM_KERNEL(attention_forward_80, AttentionForwardArguments<float>, 256) { attention_forward<80, 64>(arguments); }
TANDEM_KERNEL(attention_forward_128, AttentionForwardArguments<float>, 256) { attention_forward<128, 64>(arguments); }
TANDEM_KERNEL(attention_forward_wide_bf16, AttentionForwardArguments<bfloat16>, 256) { attention_forward<128, 64>(arguments); }
