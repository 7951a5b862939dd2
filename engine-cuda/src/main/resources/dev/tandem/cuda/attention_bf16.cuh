// Tiles of attention for BF16 on tensor cores, with F32 sums. A block of four warps owns 64 rows, 16 to a
// warp, and walks over streamed rows: queries that meet keys, or keys that meet queries.
//
// A warp's products have its own rows down and streamed rows or channels across, in pieces of 16 × 8 of
// which lane l holds (l / 4 and + 8, 2·(l % 4) and the next), see mma.cuh. So whatever belongs to a row is
// known to four lanes, and weights are where the next product wants its left operand: they never go
// through shared memory.
#pragma once
#include "attention.cuh"
#include "mma.cuh"

constexpr int MMA_THREADS = 128;
constexpr int STEP = 16; // rows of a warp, and depth of an instruction

// A tile of rows in shared memory: channels that do not exist are 0.
template <int WIDTH>
struct HeadTile {
    static constexpr int STRIDE = WIDTH + OCTET; // the extra octet spreads rows over the banks
    static constexpr int OWN = TILE_ROWS * STRIDE;
    static constexpr int PIECES = WIDTH / 8;

    // The first of the warp's own rows.
    TANDEM_DEVICE const bfloat16* own(const bfloat16* tile) { return tile + warp() * STEP * STRIDE; }
};

// Element (i, k) of an operand lies in row i, channel k.
template <int WIDTH>
struct AlongChannels {
    static constexpr bool TURNED = false;

    TANDEM_DEVICE const bfloat16* at(const bfloat16* tile, int i, int k) {
        return tile + i * HeadTile<WIDTH>::STRIDE + k;
    }
};

// Element (i, k) lies in row k, channel i.
template <int WIDTH>
struct AcrossChannels {
    static constexpr bool TURNED = true;

    TANDEM_DEVICE const bfloat16* at(const bfloat16* tile, int i, int k) {
        return tile + k * HeadTile<WIDTH>::STRIDE + i;
    }
};

// Row `half` of a lane's two, and the first column of its two.
TANDEM_DEVICE int lane_row(int half) { return lane() / 4 + half * 8; }
TANDEM_DEVICE int lane_column() { return lane() % 4 * 2; }

// ---- memory --------------------------------------------------------------------------------------

// Starts to bring rows begin … to a tile, zeros where there are none.
template <int WIDTH, int ROWS>
TANDEM_DEVICE void fetch_rows(bfloat16* tile, Rows<bfloat16> rows, int begin) {
    constexpr int ACROSS = WIDTH / OCTET;
    bool vector = octets_aligned(rows.first, rows.stride) && rows.D % OCTET == 0;
    TANDEM_ROLLED
    for (int n = threadIdx.x; n < ROWS * ACROSS; n += MMA_THREADS) {
        int row = n / ACROSS;
        int d = n % ACROSS * OCTET;
        bool exists = begin + row < rows.count && d < rows.D;
        const bfloat16* from = exists ? rows.first + (begin + row) * rows.stride + d : nullptr;
        fetch_octet(tile + row * HeadTile<WIDTH>::STRIDE + d, from, rows.D - d, vector);
    }
}

// Waits for the block's copies. Whatever was read before may then be overwritten, too.
TANDEM_DEVICE void arrived() {
    copies_done<0>();
    __syncthreads();
}

// Writes one of a lane's two rows, times a scale.
template <int WIDTH>
TANDEM_DEVICE void store_row(
        bfloat16* row, int D, const float (&y)[HeadTile<WIDTH>::PIECES][4], int half, float scale) {
    bool pairs = (uint64) row % 4 == 0 && D % 2 == 0;
    TANDEM_UNROLL
    for (int n = 0; n < HeadTile<WIDTH>::PIECES; n++) {
        int d = n * 8 + lane_column();
        uint32 pair = halves(y[n][half * 2] * scale, y[n][half * 2 + 1] * scale);
        if (pairs && d < D) {
            *reinterpret_cast<uint32*>(row + d) = pair;
        } else {
            if (d < D) {
                row[d].bits = (unsigned short) pair;
            }
            if (d + 1 < D) {
                row[d + 1].bits = (unsigned short) (pair >> 16);
            }
        }
    }
}

// ---- products ------------------------------------------------------------------------------------

// The warp's own rows in registers.
template <int WIDTH>
struct HeldRows {
    uint32 fragments[WIDTH / STEP][4];

    __device__ __forceinline__ void hold(const bfloat16* own) {
        TANDEM_UNROLL
        for (int step = 0; step < WIDTH / STEP; step++) {
            load_matrices<false>(fragments[step], matrix_row<AlongChannels<WIDTH>, true>(own, 0, step * STEP));
        }
    }

    __device__ __forceinline__ void get(uint32 (&fragment)[4], int step) const {
        TANDEM_UNROLL
        for (int i = 0; i < 4; i++) {
            fragment[i] = fragments[step][i];
        }
    }
};

// The same where they lie.
template <int WIDTH>
struct StoredRows {
    const bfloat16* own;

    __device__ __forceinline__ void get(uint32 (&fragment)[4], int step) const {
        load_matrices<false>(fragment, matrix_row<AlongChannels<WIDTH>, true>(own, 0, step * STEP));
    }
};

// s = ⟨own row, streamed row⟩ for as many streamed rows as s has columns.
template <int WIDTH, class Own, int PIECES>
TANDEM_DEVICE void meet(float (&s)[PIECES][4], const Own& own, const bfloat16* streamed) {
    TANDEM_UNROLL
    for (int n = 0; n < PIECES; n++) {
        TANDEM_UNROLL
        for (int i = 0; i < 4; i++) {
            s[n][i] = 0;
        }
    }
    TANDEM_UNROLL
    for (int step = 0; step < WIDTH / STEP; step++) {
        uint32 left[4];
        own.get(left, step);
        TANDEM_UNROLL
        for (int n = 0; n < PIECES; n += 2) {
            uint32 right[4];
            load_matrices<false>(right, matrix_row<AlongChannels<WIDTH>, false>(streamed, n * 8, step * STEP));
            mma_16_8_16(s[n], left, right[0], right[1]);
            mma_16_8_16(s[n + 1], left, right[2], right[3]);
        }
    }
}

// Weights for 16 streamed rows as a left operand.
TANDEM_DEVICE void round_weights(uint32 (&weights)[4], const float (&first)[4], const float (&second)[4]) {
    weights[0] = halves(first[0], first[1]);
    weights[1] = halves(first[2], first[3]);
    weights[2] = halves(second[0], second[1]);
    weights[3] = halves(second[2], second[3]);
}

// Whether two 16-bit floats are numbers.
TANDEM_DEVICE bool finite(uint32 pair) {
    return (pair & 0x7f80u) != 0x7f80u && (pair & 0x7f800000u) != 0x7f800000u;
}

// Whether 16 streamed rows hold only numbers, in all lanes.
template <int WIDTH>
TANDEM_DEVICE bool finite_rows(const bfloat16* streamed) {
    constexpr int ACROSS = WIDTH / OCTET;
    bool all = true;
    TANDEM_UNROLL
    for (int n = lane(); n < STEP * ACROSS; n += WARP) {
        const bfloat16* at = streamed + n / ACROSS * HeadTile<WIDTH>::STRIDE + n % ACROSS * OCTET;
        uint4 octet = *reinterpret_cast<const uint4*>(at);
        all = all && finite(octet.x) && finite(octet.y) && finite(octet.z) && finite(octet.w);
    }
    return __all_sync(ALL_LANES, all);
}

// What add_weighted does, without weights of 0.
template <int WIDTH>
TANDEM_DEVICE void add_seen(
        float (&y)[HeadTile<WIDTH>::PIECES][4], const uint32 (&weights)[4], const bfloat16* streamed) {
    TANDEM_ROLLED
    for (int k = 0; k < STEP; k++) {
        int source = lane() / 4 * 4 + k % 8 / 2;
        uint32 first = __shfl_sync(ALL_LANES, k < 8 ? weights[0] : weights[2], source);
        uint32 second = __shfl_sync(ALL_LANES, k < 8 ? weights[1] : weights[3], source);
        float w0 = k % 2 == 0 ? low_half(first) : high_half(first);
        float w1 = k % 2 == 0 ? low_half(second) : high_half(second);
        const bfloat16* row = streamed + k * HeadTile<WIDTH>::STRIDE + lane_column();
        TANDEM_UNROLL
        for (int n = 0; n < HeadTile<WIDTH>::PIECES; n++) {
            uint32 pair = *reinterpret_cast<const uint32*>(row + n * 8);
            y[n][0] += w0 == 0 ? 0 : w0 * low_half(pair);
            y[n][1] += w0 == 0 ? 0 : w0 * high_half(pair);
            y[n][2] += w1 == 0 ? 0 : w1 * low_half(pair);
            y[n][3] += w1 == 0 ? 0 : w1 * high_half(pair);
        }
    }
}

// y += weights · 16 streamed rows. Guarded, weights of 0 are left out, so that what a row must not see
// cannot reach it as 0 · NaN.
template <int WIDTH>
TANDEM_DEVICE void add_weighted(
        float (&y)[HeadTile<WIDTH>::PIECES][4], const uint32 (&weights)[4], const bfloat16* streamed, bool guarded) {
    if (guarded && !finite_rows<WIDTH>(streamed)) {
        add_seen<WIDTH>(y, weights, streamed);
        return;
    }
    TANDEM_UNROLL
    for (int n = 0; n < HeadTile<WIDTH>::PIECES; n += 2) {
        uint32 right[4];
        load_matrices<true>(right, matrix_row<AcrossChannels<WIDTH>, false>(streamed, n * 8, 0));
        mma_16_8_16(y[n], weights, right[0], right[1]);
        mma_16_8_16(y[n + 1], weights, right[2], right[3]);
    }
}

// ---- what belongs to a row -----------------------------------------------------------------------

// Largest value and sum over the lanes of a row, in each of them.
TANDEM_DEVICE float row_max(float value) {
    for (int distance = 2; distance > 0; distance /= 2) {
        float other = __shfl_xor_sync(ALL_LANES, value, distance);
        value = value > other ? value : other;
    }
    return value;
}

TANDEM_DEVICE float row_sum(float value) {
    for (int distance = 2; distance > 0; distance /= 2) {
        value += __shfl_xor_sync(ALL_LANES, value, distance);
    }
    return value;
}

// Bit i says whether key begin + i is padding, for i below 32. The same in all lanes.
TANDEM_DEVICE uint32 padded(const int* padding, int begin, int keys) {
    int key = begin + lane();
    return padding ? __ballot_sync(ALL_LANES, key < keys && padding[key] != 0) : 0;
}

// Own rows that are queries: sets what they must not see to −∞. `ahead` is how far the warp's first query
// is behind the first key; bit i of `hidden` belongs to that key + i.
template <int PIECES>
TANDEM_DEVICE void hide(float (&s)[PIECES][4], uint64 hidden, int ahead) {
    TANDEM_UNROLL
    for (int n = 0; n < PIECES; n++) {
        TANDEM_UNROLL
        for (int i = 0; i < 4; i++) {
            int key = n * 8 + lane_column() + i % 2;
            bool unseen = (hidden >> key & 1) != 0 || key > ahead + lane_row(i / 2);
            s[n][i] = unseen ? minus_infinity() : s[n][i];
        }
    }
}

// ---- dropout ---------------------------------------------------------------------------------------

// Own rows that are queries, T weights apart: sets dropped weights to 0. `index` is that of the warp's
// first one. Four weights of a row share random words, and two lanes share four weights of two rows.
template <int PIECES>
TANDEM_DEVICE void drop(float (&w)[PIECES][4], Dropout dropout, int64 index, int T) {
    static_assert(PIECES <= 8, "four bits of each fit a word");
    int odd = lane() % 2;
    index += (int64) lane_row(odd) * T + lane_column() - odd * 2;
    uint32 mine = 0;
    TANDEM_ROLLED
    for (int n = 0; n < PIECES; n++) {
        mine |= (kept(dropout, index + n * 8) & 15u) << n * 4;
    }
    uint32 other = __shfl_xor_sync(ALL_LANES, mine, 1);
    uint32 rows[2] = {odd ? other : mine, odd ? mine : other};
    TANDEM_UNROLL
    for (int n = 0; n < PIECES; n++) {
        TANDEM_UNROLL
        for (int i = 0; i < 4; i++) {
            w[n][i] = rows[i / 2] >> (n * 4 + odd * 2 + i % 2) & 1 ? w[n][i] : 0;
        }
    }
}
