#include "attention_product.cuh"

// Attention of one new token to a cache of keys and values. Bound by bytes: 8·D for each key. The keys
// are divided among blocks, so that a long cache occupies the whole GPU even for one sequence; a second
// kernel adds their results in order. How they are divided follows from their number alone.

template <class Element>
struct AttentionAppendArguments {
    Element* keys;
    Element* values;
    const Element* qkv;
    int B;
    int T;
    int C;
    int P;
    int start;
};

// A block for each position, striding.
template <class Element>
TANDEM_DEVICE void append(const AttentionAppendArguments<Element>& arguments) {
    int C = arguments.C;
    int64 positions = (int64) arguments.B * arguments.T;
    for (int64 n = blockIdx.x; n < positions; n += gridDim.x) {
        const Element* from = arguments.qkv + n * 3 * C + C;
        int64 to = (n / arguments.T * arguments.P + arguments.start + n % arguments.T) * C;
        for (int c = threadIdx.x; c < C; c += blockDim.x) {
            arguments.keys[to + c] = from[c];
            arguments.values[to + c] = from[C + c];
        }
    }
}

TANDEM_KERNEL(attention_append, AttentionAppendArguments<float>, 256) { append(arguments); }
TANDEM_KERNEL(attention_append_bf16, AttentionAppendArguments<bfloat16>, 256) { append(arguments); }

constexpr int DECODE_THREADS = 128;
constexpr int DECODE_KEYS = 64;   // of a tile; their scores are in shared memory
constexpr int DECODE_WIDTH = 128; // channels of y for a block
constexpr int IN_FLIGHT = 4;      // keys of a thread that are loaded together

template <class Element>
struct AttentionDecodeArguments {
    Element* y;
    float* partial; // [B·H, chunks, 2 + D]: largest score, sum, sums of values; y if there is one chunk
    Element* keys;
    Element* values;
    const Element* qkv;
    const int* start; // keys before the new token
    int P;
    int H;
    int D;
    int chunks;
    int chunkKeys;
    float scale;
};

// Lanes that share a key, so that each has four channels of it, or more of a wide head.
struct Lanes {
    int count;
    int lane;
    int group;
    int groups;
};

TANDEM_DEVICE Lanes lanes_of(int D) {
    int count = D <= 32 ? 8 : D <= 64 ? 16 : WARP;
    return {count, (int) threadIdx.x % count, (int) threadIdx.x / count, DECODE_THREADS / count};
}

// Keys or values of one head: `rows` are cached, behind them follows that of the new token, which
// another block may be about to write.
template <class Element>
struct Cached {
    Rows<Element> rows;
    const Element* own;
};

template <class Element>
TANDEM_DEVICE Cached<Element> cached(const Element* first, const Element* own, int64 stride, int start, int D) {
    bool aligned = quads_aligned(first, stride, D) && quads_aligned(own, stride, D);
    return {{first, stride, start, D, aligned, 1}, own};
}

// Four channels of a key; 0 behind the new token.
template <class Element>
TANDEM_DEVICE float4 cached_quad(const Cached<Element>& cached, int key, int d) {
    const Element* row = key == cached.rows.count ? cached.own : cached.rows.first + key * cached.rows.stride;
    return load_quad(row + d, key <= cached.rows.count ? cached.rows.D - d : 0, cached.rows.aligned);
}

// Scores of a tile of keys; −∞ behind the last one.
template <class Element>
TANDEM_DEVICE void decode_scores(
        float* scores, const float* q, const Cached<Element>& keys, Lanes lanes, int tile, int end) {
    int D = keys.rows.D;
    for (int n = 0; n < DECODE_KEYS; n += IN_FLIGHT * lanes.groups) {
        float dots[IN_FLIGHT] = {};
        for (int d = 4 * lanes.lane; d < D; d += 4 * lanes.count) {
            float4 query = *reinterpret_cast<const float4*>(q + d);
            float4 quads[IN_FLIGHT];
            for (int i = 0; i < IN_FLIGHT; i++) {
                quads[i] = cached_quad(keys, tile + n + i * lanes.groups + lanes.group, d);
            }
            for (int i = 0; i < IN_FLIGHT; i++) {
                dots[i] = add_dot(dots[i], query, quads[i]);
            }
        }
        for (int i = 0; i < IN_FLIGHT; i++) {
            for (int distance = lanes.count / 2; distance > 0; distance /= 2) {
                dots[i] += __shfl_xor_sync(ALL_LANES, dots[i], distance);
            }
            int key = n + i * lanes.groups + lanes.group;
            if (lanes.lane == 0) {
                scores[key] = tile + key < end ? dots[i] : minus_infinity();
            }
        }
    }
}

// What a block knows of its keys so far, the same in every thread: the largest score, and the sum of
// powers of 2 relative to it.
struct Seen {
    float largest;
    float sum;
};

// Goes on by a tile of scores. Gives the factor by which all that is older must shrink.
TANDEM_DEVICE float see(Seen& seen, const float* scores) {
    float left = scores[lane()];
    float right = scores[WARP + lane()];
    float largest = max(seen.largest, warp_max(max(left, right)));
    float base = largest == minus_infinity() ? 0 : largest;
    float shrink = exp2f(seen.largest - base);
    seen = {largest, seen.sum * shrink + warp_sum(exp2f(left - base) + exp2f(right - base))};
    return shrink;
}

// Adds the values of a tile, weighted by their powers relative to the largest score.
template <class Element>
TANDEM_DEVICE float4 add_values(
        float4 y, const float* scores, const Cached<Element>& values, Lanes lanes, int tile, int end, int d, float largest) {
    float base = largest == minus_infinity() ? 0 : largest;
    for (int n = 0; n < DECODE_KEYS; n += IN_FLIGHT * lanes.groups) {
        float4 quads[IN_FLIGHT];
        for (int i = 0; i < IN_FLIGHT; i++) {
            int key = tile + n + i * lanes.groups + lanes.group;
            quads[i] = cached_quad(values, key < end ? key : values.rows.count + 1, d);
        }
        for (int i = 0; i < IN_FLIGHT; i++) {
            float p = exp2f(scores[n + i * lanes.groups + lanes.group] - base);
            y.x += p * quads[i].x;
            y.y += p * quads[i].y;
            y.z += p * quads[i].z;
            y.w += p * quads[i].w;
        }
    }
    return y;
}

// Loads the scaled query; the block of the last keys appends the new token to the cache.
template <class Element>
TANDEM_DEVICE void load_query(
        const AttentionDecodeArguments<Element>& arguments, float* q, const Element* own, int64 cache, bool appends) {
    int D = arguments.D;
    int64 C = (int64) arguments.H * D;
    int64 row = cache + *arguments.start * C;
    for (int d = threadIdx.x; d < (D + 3) / 4 * 4; d += DECODE_THREADS) {
        q[d] = d < D ? load(own + d) * (arguments.scale * LOG2_E) : 0;
        if (appends && d < D) {
            store(arguments.keys + row + d, load(own + C + d));
            store(arguments.values + row + d, load(own + 2 * C + d));
        }
    }
}

// Adds what the groups of lanes have, in order, and writes it.
template <class Element>
TANDEM_DEVICE void store_chunk(
        const AttentionDecodeArguments<Element>& arguments, const float* sums, Lanes lanes, Seen seen) {
    int D = arguments.D;
    int t = threadIdx.x;
    int d = blockIdx.y * DECODE_WIDTH + t;
    float* partial = arguments.partial + (int64) blockIdx.x * (D + 2);
    if (t < 4 * lanes.count && d < D) {
        float y = 0;
        for (int group = 0; group < lanes.groups; group++) {
            y += sums[group * 4 * lanes.count + t];
        }
        if (arguments.chunks == 1) {
            store(arguments.y + (int64) blockIdx.x * D + d, seen.sum == 0 ? 0 : y / seen.sum);
        } else {
            partial[2 + d] = y;
        }
    }
    if (arguments.chunks > 1 && t == 0 && blockIdx.y == 0) {
        partial[0] = seen.largest;
        partial[1] = seen.sum;
    }
}

// Blocks along x count (sequence, head, chunk of keys), those along y chunks of channels.
template <class Element>
TANDEM_DEVICE void decode(const AttentionDecodeArguments<Element>& arguments) {
    __shared__ float scores[DECODE_KEYS];
    __shared__ float4 sums[DECODE_THREADS];
    float* q = TANDEM_SHARED(float);
    int D = arguments.D;
    int start = *arguments.start;
    int64 C = (int64) arguments.H * D;
    int head = blockIdx.x / arguments.chunks;
    int64 b = head / arguments.H;
    int column = head % arguments.H * D;
    const Element* own = arguments.qkv + b * 3 * C + column;
    int64 cache = b * arguments.P * C + column;
    Cached<Element> keys = cached<Element>(arguments.keys + cache, own + C, C, start, D);
    Cached<Element> values = cached<Element>(arguments.values + cache, own + 2 * C, C, start, D);
    int begin = blockIdx.x % arguments.chunks * arguments.chunkKeys;
    int end = min(begin + arguments.chunkKeys, start + 1);
    load_query(arguments, q, own, cache, end > start && blockIdx.y == 0);
    Lanes lanes = lanes_of(D);
    int channel = blockIdx.y * DECODE_WIDTH + 4 * lanes.lane;
    float4 y = {0, 0, 0, 0};
    Seen seen = {minus_infinity(), 0};
    for (int tile = begin; tile < end; tile += DECODE_KEYS) {
        __syncthreads(); // q is there, older scores have been read
        decode_scores(scores, q, keys, lanes, tile, end);
        __syncthreads(); // the scores are there
        float shrink = see(seen, scores);
        y = {y.x * shrink, y.y * shrink, y.z * shrink, y.w * shrink};
        y = add_values(y, scores, values, lanes, tile, end, channel, seen.largest);
    }
    sums[threadIdx.x] = y;
    __syncthreads(); // all sums are there
    store_chunk(arguments, reinterpret_cast<const float*>(sums), lanes, seen);
}

TANDEM_KERNEL(attention_decode, AttentionDecodeArguments<float>, 128) { decode(arguments); }
TANDEM_KERNEL(attention_decode_bf16, AttentionDecodeArguments<bfloat16>, 128) { decode(arguments); }

template <class Element>
struct AttentionCombineArguments {
    Element* y;
    const float* partial;
    int chunks; // up to the threads of a block
    int D;
};

// A block for each head of each sequence.
template <class Element>
TANDEM_DEVICE void combine(const AttentionCombineArguments<Element>& arguments) {
    __shared__ float largest[DECODE_THREADS];
    __shared__ float weights[DECODE_THREADS];
    __shared__ float warpSums[WARP];
    int D = arguments.D;
    int t = threadIdx.x;
    const float* partial = arguments.partial + (int64) blockIdx.x * arguments.chunks * (D + 2);
    bool exists = t < arguments.chunks;
    largest[t] = exists ? partial[(int64) t * (D + 2)] : minus_infinity();
    __syncthreads(); // all of `largest` is there
    float base = minus_infinity();
    for (int i = lane(); i < DECODE_THREADS; i += WARP) {
        base = max(base, largest[i]);
    }
    base = warp_max(base);
    weights[t] = exists ? exp2f(largest[t] - (base == minus_infinity() ? 0 : base)) : 0;
    // its barriers also make `weights` known
    float sum = block_sum(exists ? weights[t] * partial[(int64) t * (D + 2) + 1] : 0, warpSums);
    for (int d = t; d < D; d += DECODE_THREADS) {
        float y = 0;
        for (int chunk = 0; chunk < arguments.chunks; chunk++) {
            y += weights[chunk] * partial[(int64) chunk * (D + 2) + 2 + d];
        }
        store(arguments.y + (int64) blockIdx.x * D + d, sum == 0 ? 0 : y / sum);
    }
}

TANDEM_KERNEL(attention_combine, AttentionCombineArguments<float>, 128) { combine(arguments); }
TANDEM_KERNEL(attention_combine_bf16, AttentionCombineArguments<bfloat16>, 128) { combine(arguments); }
