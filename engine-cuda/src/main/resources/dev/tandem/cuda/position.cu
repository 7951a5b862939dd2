#include "tandem.cuh"

// Where kernels that append to a text read how far it is. Were it an argument of each, all of them would
// change from one token to the next, instead of this one.

struct PositionSetArguments {
    int* cell;
    int position;
};

// One warp.
TANDEM_KERNEL(position_set, PositionSetArguments, 32) {
    if (threadIdx.x == 0) {
        *arguments.cell = arguments.position;
    }
}
