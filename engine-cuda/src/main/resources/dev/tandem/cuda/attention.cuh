// What attention's kernels share, whatever multiplies: where the rows of a head and of a block are, and
// which weights dropout keeps.
#pragma once
#include "philox.cuh"

constexpr int TILE_ROWS = 64; // of a block
constexpr float LOG2_E = 1.44269504088896341f;
constexpr float LN_2 = 0.693147180559945309f;

TANDEM_DEVICE float minus_infinity() { return __int_as_float((int) 0xff800000u); }

// The rows of one head. The scale of queries is that of their scores, as exponents of 2.
template <class Element>
struct Rows {
    const Element* first;
    int64 stride;
    int count;
    int D;
    bool aligned; // every row to four elements, and 4 divides D
    float scale;
};

template <class Element>
TANDEM_DEVICE bool quads_aligned(const Element* first, int64 stride, int D) {
    return (uint64) first % (4 * sizeof(Element)) == 0 && stride % 4 == 0 && D % 4 == 0;
}

template <class Element>
TANDEM_DEVICE Rows<Element> rows_of(const Element* first, int64 stride, int count, int D, float scale) {
    return {first, stride, count, D, quads_aligned(first, stride, D), scale};
}

// ---- blocks ---------------------------------------------------------------------------------------

// Where a block's own rows are. Blocks along x count heads, then tiles, the longest work first.
struct Block {
    int head; // through all sequences
    int begin;
};

// Own rows that are keys: the first ones are seen by the most queries.
TANDEM_DEVICE Block block_of_keys(int T) {
    int tiles = (T - 1) / TILE_ROWS + 1;
    return {(int) (blockIdx.x / tiles), (int) (blockIdx.x % tiles) * TILE_ROWS};
}

// Own rows that are queries: the last ones see the most keys.
TANDEM_DEVICE Block block_of_queries(int T) {
    Block block = block_of_keys(T);
    return {block.head, (T - 1) / TILE_ROWS * TILE_ROWS - block.begin};
}

// ---- dropout ---------------------------------------------------------------------------------------

struct Dropout {
    uint64 seed;
    uint64 stream;
    float probability;
};

// Bit i says whether element index + i is kept, for i below 4.
TANDEM_DEVICE uint32 kept(Dropout dropout, int64 index) {
    uint32 bits = 0;
    int skipped = (int) (index & 3);
    PhiloxBlock block = philox_block(dropout.seed, dropout.stream, (uint64) index >> 2);
    for (int i = 0; i < 4; i++) {
        bits |= (uint32) (philox_unit(block.word[i]) >= dropout.probability) << i;
    }
    if (skipped > 0) {
        block = philox_block(dropout.seed, dropout.stream, ((uint64) index >> 2) + 1);
        for (int i = 0; i < 4; i++) {
            bits |= (uint32) (philox_unit(block.word[i]) >= dropout.probability) << (4 + i);
        }
    }
    return bits >> skipped;
}
