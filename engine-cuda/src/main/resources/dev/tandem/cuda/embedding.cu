#include "four.cuh"

// Bound by bytes: 12·N·C forward; backward 4·N·C for dTable, again for dPositions, and the rows of
// dTable that are met.

// Without padding a token's rank in its sequence is its index there, and `ranks` and `tokens` are
// absent. With it, only real tokens have one.
TANDEM_DEVICE int64 position_of(const int* ranks, int64 n, int T, int padding, int start) {
    int rank = ranks == nullptr ? (int) (n % T) : ranks[n];
    return rank < 0 ? padding : (int64) start + padding + 1 + rank;
}

// Whether a token's id and position are in their tables; asked before their rows are addressed.
TANDEM_DEVICE bool known(Complaint* complaint, int id, int V, int64 position, int P) {
    int bounded = (int) min(position, 0x7fffffffLL);
    return verify(complaint, OPERAND_IDS, id, 0, V - 1) && verify(complaint, OPERAND_POSITIONS, bounded, 0, P - 1);
}

struct EmbeddingRanksArguments {
    int* ranks;  // [B, T]: of the token, -1 for padding
    int* tokens; // [B, T]: the token of that rank, -1 where there is none
    const int* ids;
    int64 B;
    int T;
    int padding;
};

// A warp for every sequence.
TANDEM_KERNEL(embedding_ranks, EmbeddingRanksArguments, 256) {
    int T = arguments.T;
    for (int64 b = first_row(); b < arguments.B; b += row_stride()) {
        int* tokens = arguments.tokens + b * T;
        int count = 0;
        for (int first = 0; first < T; first += WARP) {
            int t = first + lane();
            bool real = t < T && arguments.ids[b * T + t] != arguments.padding;
            uint32 reals = __ballot_sync(ALL_LANES, real);
            int rank = count + __popc(reals & ((1u << lane()) - 1));
            if (t < T) {
                arguments.ranks[b * T + t] = real ? rank : -1;
            }
            if (real) {
                tokens[rank] = t;
            }
            count += __popc(reals);
        }
        for (int rank = count + lane(); rank < T; rank += WARP) {
            tokens[rank] = -1;
        }
    }
}

template <class Element>
struct EmbeddingForwardArguments {
    Element* y;
    const int* ids;
    const Element* table;
    const float* positions;
    const int* ranks;
    Complaint* complaint;
    const int* start; // position of the first token
    int64 N;
    int T;
    int C;
    int V;
    int P;
    int padding;
    float scale;
};

// A warp for every token.
template <class Element>
TANDEM_DEVICE void forward(const EmbeddingForwardArguments<Element>& arguments) {
    int C = arguments.C;
    int start = *arguments.start;
    for (int64 n = first_row(); n < arguments.N; n += row_stride()) {
        int id = arguments.ids[n];
        int64 p = position_of(arguments.ranks, n, arguments.T, arguments.padding, start);
        if (!known(arguments.complaint, id, arguments.V, p, arguments.P)) {
            continue;
        }
        Element* y = arguments.y + n * C;
        const Element* token = arguments.table + (int64) id * C;
        const float* position = arguments.positions + p * C;
        for (int64 c = 4 * lane() - n * C % 4; c < C; c += 4 * WARP) {
            Four sum = load_four(position, c, C);
            Four four = load_four(token, c, C);
            for (int k = 0; k < 4; k++) {
                sum.at[k] += four.at[k] * arguments.scale;
            }
            store_four(y, c, C, sum);
        }
    }
}

TANDEM_KERNEL(embedding_forward, EmbeddingForwardArguments<float>, 256) { forward(arguments); }
TANDEM_KERNEL(embedding_forward_bf16, EmbeddingForwardArguments<bfloat16>, 256) { forward(arguments); }

// dTable: the tokens sorted by id, so that those of one id are a run. A warp sums 32 sorted tokens and
// adds to dTable what begins there; what began earlier it leaves in `carried`, for a second kernel
// that adds it up in order. So a frequent id is no longer than a rare one, and nothing is atomic.

constexpr int EMBEDDING_BATCH = 4; // rows in flight

struct EmbeddingKeysArguments {
    int* keys; // the id, or V where the token gives dTable nothing
    int* tokens;
    const int* ids;
    const int* ranks;
    Complaint* complaint;
    int64 N;
    int T;
    int V;
    int P;
    int padding;
};

// A thread for every token.
TANDEM_KERNEL(embedding_keys, EmbeddingKeysArguments, 256) {
    for (int64 n = first_element(); n < arguments.N; n += element_stride()) {
        int id = arguments.ids[n];
        int64 p = position_of(arguments.ranks, n, arguments.T, arguments.padding, 0);
        bool counts = known(arguments.complaint, id, arguments.V, p, arguments.P) && id != arguments.padding;
        arguments.keys[n] = counts ? id : arguments.V;
        arguments.tokens[n] = (int) n;
    }
}

template <class Element>
struct EmbeddingRunsArguments {
    float* dTable;
    float* carried; // [chunks, C]
    const Element* dy;
    const int* keys; // sorted
    const int* tokens;
    int64 N;
    int64 chunks;
    int C;
    int V;
    float scale;
};

// row += scale · sum, four columns of it.
TANDEM_DEVICE void add_four(float* row, int64 c, int C, Four sum, float scale) {
    Four four = load_four(row, c, C);
    for (int k = 0; k < 4; k++) {
        four.at[k] += sum.at[k] * scale;
    }
    store_four(row, c, C, four);
}

// A warp for every 32 sorted tokens and 128 columns.
template <class Element>
TANDEM_DEVICE void sum_runs(const EmbeddingRunsArguments<Element>& arguments) {
    int C = arguments.C;
    int64 tiles = (C + 4 * WARP - 1) / (4 * WARP);
    for (int64 task = first_row(); task < arguments.chunks * tiles; task += row_stride()) {
        int64 chunk = task / tiles;
        int64 c = task % tiles * (4 * WARP) + 4 * lane();
        int64 j = chunk * WARP + lane();
        int key = j < arguments.N ? arguments.keys[j] : arguments.V;
        int token = j < arguments.N ? arguments.tokens[j] : 0;
        int earlier = chunk > 0 ? arguments.keys[chunk * WARP - 1] : -1;
        Four sum = {{0, 0, 0, 0}};
        for (int first = 0; first < WARP; first += EMBEDDING_BATCH) {
            Four rows[EMBEDDING_BATCH];
            for (int b = 0; b < EMBEDDING_BATCH; b++) {
                int64 n = __shfl_sync(ALL_LANES, token, first + b);
                bool counts = __shfl_sync(ALL_LANES, key, first + b) < arguments.V;
                rows[b] = load_four(arguments.dy + n * C, c, counts ? C : 0);
            }
            for (int b = 0; b < EMBEDDING_BATCH; b++) {
                int id = __shfl_sync(ALL_LANES, key, first + b);
                int next = __shfl_sync(ALL_LANES, key, (first + b + 1) % WARP);
                for (int k = 0; k < 4; k++) {
                    sum.at[k] += rows[b].at[k];
                }
                if (id == arguments.V || (id == next && first + b + 1 < WARP)) {
                    continue;
                }
                if (id == earlier) {
                    store_four(arguments.carried + chunk * C, c, C, sum);
                } else {
                    add_four(arguments.dTable + (int64) id * C, c, C, sum, arguments.scale);
                }
                sum = {{0, 0, 0, 0}};
            }
        }
    }
}

TANDEM_KERNEL(embedding_runs, EmbeddingRunsArguments<float>, 256) { sum_runs(arguments); }
TANDEM_KERNEL(embedding_runs_bf16, EmbeddingRunsArguments<bfloat16>, 256) { sum_runs(arguments); }

struct EmbeddingCarriedArguments {
    float* dTable;
    const float* carried; // [chunks, C]
    const int* keys;      // sorted
    int64 N;
    int64 chunks;
    int C;
    int V;
    float scale;
};

// A warp for every 32 sorted tokens and 128 columns; only the first that was carried into works.
TANDEM_KERNEL(embedding_carried, EmbeddingCarriedArguments, 256) {
    int C = arguments.C;
    const int* keys = arguments.keys;
    int64 tiles = (C + 4 * WARP - 1) / (4 * WARP);
    for (int64 task = first_row() + tiles; task < arguments.chunks * tiles; task += row_stride()) {
        int64 chunk = task / tiles;
        int64 c = task % tiles * (4 * WARP) + 4 * lane();
        int64 begin = chunk * WARP;
        int id = keys[begin];
        bool carried = id < arguments.V && keys[begin - 1] == id;
        if (!carried || (begin > WARP && keys[begin - WARP - 1] == id)) {
            continue;
        }
        Four sum = {{0, 0, 0, 0}};
        for (; begin < arguments.N && keys[begin] == id; begin += WARP) {
            Four four = load_four(arguments.carried + begin / WARP * C, c, C);
            for (int k = 0; k < 4; k++) {
                sum.at[k] += four.at[k];
            }
        }
        add_four(arguments.dTable + (int64) id * C, c, C, sum, arguments.scale);
    }
}

template <class Element>
struct EmbeddingPositionsArguments {
    float* dPositions;
    const Element* dy;
    const int* tokens;
    int B;
    int T;
    int C;
    int P;
    int padding;
};

// A thread for four columns of every rank: it sums the sequences in their order.
template <class Element>
TANDEM_DEVICE void sum_positions(const EmbeddingPositionsArguments<Element>& arguments) {
    int C = arguments.C;
    int64 T = arguments.T;
    int64 fours = (C + 3) / 4;
    for (int64 i = first_element(); i < T * fours; i += element_stride()) {
        int64 rank = i / fours;
        int64 c = i % fours * 4;
        int64 p = arguments.padding + 1 + rank;
        if (p >= arguments.P) {
            continue;
        }
        Four sum = {{0, 0, 0, 0}};
        for (int64 b = 0; b < arguments.B; b++) {
            int64 t = arguments.tokens == nullptr ? rank : arguments.tokens[b * T + rank];
            Four four = load_four(arguments.dy + (b * T + t) * C, c, t < 0 ? 0 : C);
            for (int k = 0; k < 4; k++) {
                sum.at[k] += four.at[k];
            }
        }
        add_four(arguments.dPositions + p * C, c, C, sum, 1);
    }
}

TANDEM_KERNEL(embedding_positions, EmbeddingPositionsArguments<float>, 256) { sum_positions(arguments); }
TANDEM_KERNEL(embedding_positions_bf16, EmbeddingPositionsArguments<bfloat16>, 256) { sum_positions(arguments); }

struct EmbeddingSinusoidalArguments {
    float* positions;
    int64 P;
    int C;
    int padding;
    double logarithm; // of the factor from one wave to the next
};

// A thread for every element. Bound by the arithmetic of double precision, once in a model's life.
TANDEM_KERNEL(embedding_sinusoidal, EmbeddingSinusoidalArguments, 256) {
    int C = arguments.C;
    int half = C / 2;
    for (int64 i = first_element(); i < arguments.P * C; i += element_stride()) {
        int64 p = i / C;
        int c = (int) (i % C);
        int wave = c < half ? c : c - half;
        // in half turns, because sin and cos need local memory to reduce large angles
        double angle = (double) p * exp(-wave * arguments.logarithm) / 3.14159265358979323846;
        double value = c < half ? sinpi(angle) : cospi(angle);
        arguments.positions[i] = p == arguments.padding || c == 2 * half ? 0 : (float) value;
    }
}
