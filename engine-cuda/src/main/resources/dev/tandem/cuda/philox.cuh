// Philox 4x32-10, counted as dev.tandem.engine.Philox counts: block = index div 4, lane = index mod 4.
// Source: Salmon et al., Parallel random numbers: as easy as 1, 2, 3, SC 2011.
#pragma once
#include "tandem.cuh"

struct PhiloxBlock {
    uint32 word[4];
};

TANDEM_DEVICE PhiloxBlock philox_block(uint64 seed, uint64 stream, uint64 block) {
    uint32 c0 = (uint32) block;
    uint32 c1 = (uint32) (block >> 32);
    uint32 c2 = (uint32) stream;
    uint32 c3 = (uint32) (stream >> 32);
    uint32 k0 = (uint32) seed;
    uint32 k1 = (uint32) (seed >> 32);
    for (int round = 0; round < 10; round++) {
        uint64 product0 = (uint64) 0xD2511F53u * c0;
        uint64 product1 = (uint64) 0xCD9E8D57u * c2;
        c0 = (uint32) (product1 >> 32) ^ c1 ^ k0;
        c1 = (uint32) product1;
        c2 = (uint32) (product0 >> 32) ^ c3 ^ k1;
        c3 = (uint32) product0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return {{c0, c1, c2, c3}};
}

TANDEM_DEVICE uint32 philox_word(uint64 seed, uint64 stream, uint64 index) {
    PhiloxBlock block = philox_block(seed, stream, index >> 2);
    // not an indexed read, which would put the block into local memory
    uint32 low = index & 1 ? block.word[1] : block.word[0];
    uint32 high = index & 1 ? block.word[3] : block.word[2];
    return index & 2 ? high : low;
}

// In [0, 1), a multiple of 2^-24.
TANDEM_DEVICE float philox_unit(uint32 word) { return (float) (word >> 8) * 0x1p-24f; }

TANDEM_DEVICE float philox_uniform(uint64 seed, uint64 stream, uint64 index) {
    return philox_unit(philox_word(seed, stream, index));
}

TANDEM_DEVICE double philox_normal(uint64 seed, uint64 stream, uint64 index) {
    // words 2·index and 2·index + 1 share a block
    PhiloxBlock block = philox_block(seed, stream, index >> 1);
    uint32 first = index & 1 ? block.word[2] : block.word[0];
    uint32 second = index & 1 ? block.word[3] : block.word[1];
    double radius = ((double) (first >> 8) + 1) * 0x1p-24;
    double angle = (double) (second >> 8) * 0x1p-24;
    // not cos, whose reduction of large angles needs local memory
    return sqrt(-2 * log(radius)) * cospi(2 * angle);
}

TANDEM_DEVICE double philox_gumbel(uint64 seed, uint64 stream, uint64 index) {
    double u = ((double) (philox_word(seed, stream, index) >> 8) + 0.5) * 0x1p-24;
    return -log(-log(u));
}
