// Numbers the tokens of a chunk within their bins.
#pragma once
#include "tandem.cuh"

// The number of earlier threads of the block with this bin, plus what the histogram holds, which
// grows by all of them. -1 is no bin. Every thread of the block must call it.
TANDEM_DEVICE int queue_place(int bin, int* histogram) {
    uint32 equal = __match_any_sync(ALL_LANES, bin);
    int place = -1;
    for (int w = 0; w < warps(); w++) {
        if (w == warp()) {
            place = bin < 0 ? -1 : histogram[bin] + __popc(equal & ((1u << lane()) - 1));
            __syncwarp(); // all have read
            if (bin >= 0 && equal >> lane() == 1) {
                histogram[bin] = place + 1;
            }
        }
        __syncthreads(); // the next warp reads on
    }
    return place;
}

// Clears the block's histogram: shared memory if there is room, else its row of the table.
TANDEM_DEVICE int* queue_histogram(int* row, int bins, bool inShared) {
    int* histogram = inShared ? TANDEM_SHARED(int) : row;
    for (int bin = threadIdx.x; bin < bins; bin += blockDim.x) {
        histogram[bin] = 0;
    }
    __syncthreads();
    return histogram;
}

TANDEM_DEVICE void queue_write(int* row, const int* histogram, int bins) {
    for (int bin = threadIdx.x; bin < bins && row != histogram; bin += blockDim.x) {
        row[bin] = histogram[bin];
    }
}
