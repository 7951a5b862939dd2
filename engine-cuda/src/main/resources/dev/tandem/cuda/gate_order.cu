#include "gate_queue.cuh"

// A stable sort by digits of the key, in passes of three: digits within chunks, chunks within digits by
// gate_queue.cu, and the move. Bound by latency, 24 bytes per token and pass.

struct QueueDigitsArguments {
    int* place;      // [N]
    int* histograms; // [chunks, digits]
    const uint32* keys;
    int N;
    int digits;
    int shift;
    int chunkTokens;
};

TANDEM_KERNEL(queue_digits, QueueDigitsArguments, 256) {
    int64 begin = (int64) blockIdx.x * arguments.chunkTokens;
    int64 end = min(begin + arguments.chunkTokens, (int64) arguments.N);
    int* row = arguments.histograms + (int64) blockIdx.x * arguments.digits;
    int* histogram = queue_histogram(row, arguments.digits, true);
    for (int64 first = begin; first < end; first += blockDim.x) {
        int64 i = first + threadIdx.x;
        bool inside = i < end;
        int place = queue_place(
                inside ? (int) (arguments.keys[i] >> arguments.shift) & (arguments.digits - 1) : -1, histogram);
        if (inside) {
            arguments.place[i] = place;
        }
    }
    queue_write(row, histogram, arguments.digits);
}

struct QueueSortArguments {
    uint32* toKeys;
    int* toOrder;
    const uint32* keys;
    const int* order; // absent in the first pass
    const int* place;
    const int* firsts; // [chunks, digits]
    const int* starts;
    int N;
    int digits;
    int shift;
    int chunkTokens;
};

TANDEM_KERNEL(queue_sort, QueueSortArguments, 256) {
    for (int64 i = first_element(); i < arguments.N; i += element_stride()) {
        uint32 key = arguments.keys[i];
        int digit = (int) (key >> arguments.shift) & (arguments.digits - 1);
        int64 chunk = (int) i / arguments.chunkTokens;
        int to = arguments.starts[digit] + arguments.firsts[chunk * arguments.digits + digit] + arguments.place[i];
        arguments.toKeys[to] = key;
        arguments.toOrder[to] = arguments.order ? arguments.order[i] : (int) i;
    }
}
