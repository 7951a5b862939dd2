#include "four.cuh"

// Grid: a thread for four elements, striding. Bound by bytes: 6 per element.

struct RoundArguments {
    bfloat16* y;
    const float* x;
    int64 count;
};

TANDEM_KERNEL(round_bf16, RoundArguments, 256) {
    for (int64 i = first_four(arguments.x); i < arguments.count; i += four_stride()) {
        store_four(arguments.y, i, arguments.count, load_four(arguments.x, i, arguments.count));
    }
}
