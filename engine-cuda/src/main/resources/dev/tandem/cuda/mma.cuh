// Instructions of the tensor cores and around them, sm_80 and later. On the host each has a scalar body
// with the same places of elements in lanes and registers, so that index arithmetic is tested there.
#pragma once
#include "tandem.cuh"

// 16 bytes of 16-bit floats.
constexpr int OCTET = 8;

// Starts to copy `count` of eight to shared memory, zeros behind them; both addresses aligned to 16
// bytes. Whoever reads them waits for `copies_done` and then for the block.
TANDEM_DEVICE void copy_octet(bfloat16* shared, const bfloat16* from, int count) {
#ifdef TANDEM_HOST
    for (int i = 0; i < OCTET; i++) {
        shared[i].bits = i < count ? from[i].bits : 0;
    }
#else
    int bytes = min(max(count, 0), OCTET) * 2;
    uint32 to = (uint32) __cvta_generic_to_shared(shared);
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(bytes) : "memory");
#endif
}

// Eight elements to shared memory, zeros where there are none.
TANDEM_DEVICE void fetch_octet(bfloat16* shared, const bfloat16* from, int count, bool vector) {
    if (from && vector) {
        copy_octet(shared, from, count);
        return;
    }
    TANDEM_UNROLL
    for (int i = 0; i < OCTET; i++) {
        shared[i].bits = from && i < count ? from[i].bits : 0;
    }
}

TANDEM_DEVICE bool octets_aligned(const bfloat16* address, int64 stride) {
    return (reinterpret_cast<uint64>(address) & 15) == 0 && stride % OCTET == 0;
}

// Ends a group of copies, which may be empty.
TANDEM_DEVICE void copies_started() {
#ifndef TANDEM_HOST
    asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

// Waits for this thread's copies but those of the latest LEFT groups.
template <int LEFT>
TANDEM_DEVICE void copies_done() {
#ifndef TANDEM_HOST
    asm volatile("cp.async.wait_group %0;" ::"n"(LEFT) : "memory");
#endif
}

// Four 8 × 8 matrices from shared memory: lane l names row l % 8 of matrix l / 8. A lane gets of each
// elements (l / 4, 2·(l % 4) and the next), or with TURNED those of the transpose.
template <bool TURNED>
TANDEM_DEVICE void load_matrices(uint32 (&fragment)[4], const bfloat16* row) {
#ifdef TANDEM_HOST
    const bfloat16* rows[WARP];
    tandem_host::all_lanes(row, rows, __LINE__);
    int far = lane() / 4;
    int near = lane() % 4 * 2;
    for (int m = 0; m < 4; m++) {
        const bfloat16* const* matrix = rows + m * 8;
        uint32 low = TURNED ? matrix[near][far].bits : matrix[far][near].bits;
        uint32 high = TURNED ? matrix[near + 1][far].bits : matrix[far][near + 1].bits;
        fragment[m] = low | high << 16;
    }
#else
    uint32 from = (uint32) __cvta_generic_to_shared(row);
    if (TURNED) {
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                     : "=r"(fragment[0]), "=r"(fragment[1]), "=r"(fragment[2]), "=r"(fragment[3])
                     : "r"(from)
                     : "memory");
    } else {
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                     : "=r"(fragment[0]), "=r"(fragment[1]), "=r"(fragment[2]), "=r"(fragment[3])
                     : "r"(from)
                     : "memory");
    }
#endif
}

// Where this lane's row of four 8 × 8 matrices lies that make up 16 of an extent by 16 of k. For left
// the second matrix is the next eight of the extent, for right those of k.
template <class Operand, bool LEFT>
TANDEM_DEVICE const bfloat16* matrix_row(const bfloat16* shared, int i, int k) {
    int row = lane() % 8;
    int second = lane() / 8 % 2 * 8;
    int third = lane() / 16 * 8;
    int extent = LEFT ? second : third;
    int depth = LEFT ? third : second;
    // a stored row runs along k, or along the extent
    return Operand::at(shared, i + extent + (Operand::TURNED ? 0 : row), k + depth + (Operand::TURNED ? row : 0));
}

#ifdef TANDEM_HOST
struct MmaOperands {
    uint32 left[4];
    uint32 right[2];
};

// Half `k % 2` of a register that holds two 16-bit floats.
TANDEM_DEVICE float mma_element(uint32 fragment, int k) { return __uint_as_float(fragment >> k % 2 * 16 << 16); }
#endif

// sums[16, 8] += left[16, 16] · right[16, 8]. A lane holds of the sums elements (l / 4 and + 8,
// 2·(l % 4) and the next); of left four registers for rows (l / 4, + 8) by k (2·(l % 4), + 8), rows
// first; of right two for column l / 4.
TANDEM_DEVICE void mma_16_8_16(float (&sums)[4], const uint32 (&left)[4], uint32 right0, uint32 right1) {
#ifdef TANDEM_HOST
    MmaOperands mine = {{left[0], left[1], left[2], left[3]}, {right0, right1}};
    MmaOperands all[WARP];
    tandem_host::all_lanes(mine, all, __LINE__);
    for (int i = 0; i < 4; i++) {
        int row = lane() / 4 + i / 2 * 8;
        int column = lane() % 4 * 2 + i % 2;
        for (int k = 0; k < 16; k++) {
            int inside = k % 8 / 2;
            float a = mma_element(all[row % 8 * 4 + inside].left[row / 8 + k / 8 * 2], k);
            float b = mma_element(all[column * 4 + inside].right[k / 8], k);
            sums[i] += a * b;
        }
    }
#else
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
                 "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
                 : "r"(left[0]), "r"(left[1]), "r"(left[2]), "r"(left[3]), "r"(right0), "r"(right1));
#endif
}
