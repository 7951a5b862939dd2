#include "tandem.cuh"

// Kernels that prove the shim: one says what it was passed, others break a rule that must be noticed.

struct EchoArguments {
    double* values; // as many as there are fields
    int small;
    int64 large;
    float real;
    double exact;
    const int* absent;
    uint32 last;
};

TANDEM_KERNEL(echo, EchoArguments, 32) {
    if (threadIdx.x == 0) {
        arguments.values[0] = arguments.small;
        arguments.values[1] = (double) arguments.large;
        arguments.values[2] = arguments.real;
        arguments.values[3] = arguments.exact;
        arguments.values[4] = arguments.absent == nullptr ? 1 : 0;
        arguments.values[5] = arguments.last;
    }
}

struct NumbersArguments {
    int* numbers;
    int count;
};

// The place of every thread, in the order x, y, z.
TANDEM_KERNEL(places, NumbersArguments, 1024) {
    int block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
    int thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
    int number = thread + block * blockDim.x * blockDim.y * blockDim.z;
    if (number < arguments.count) {
        arguments.numbers[number] = number;
    }
}

struct Pair {
    int first;
    double second;
};

// What a template's own shared memory and the registers of all lanes add up to.
template <typename T>
TANDEM_DEVICE T sum_of_warps(T value) {
    __shared__ T sums[WARP];
    return block_sum(value, sums);
}

TANDEM_KERNEL(sums, NumbersArguments, 256) {
    int total = sum_of_warps((int) threadIdx.x) + (int) sum_of_warps((double) threadIdx.x);
#ifdef TANDEM_HOST
    Pair mine = {(int) threadIdx.x, 0.5};
    Pair all[WARP];
    tandem_host::all_lanes(mine, all, __LINE__);
    for (const Pair& pair : all) {
        total += pair.first + (int) (2 * pair.second);
    }
#endif
    arguments.numbers[threadIdx.x] = total;
}

// A result of every warp function, 12 for each lane.
TANDEM_KERNEL(warp_functions, NumbersArguments, 32) {
    int me = threadIdx.x;
    int* out = arguments.numbers + 12 * me;
    out[0] = __shfl_sync(ALL_LANES, me, 5);
    out[1] = __shfl_up_sync(ALL_LANES, me, 3);
    out[2] = __shfl_down_sync(ALL_LANES, me, 3);
    out[3] = __shfl_xor_sync(ALL_LANES, me, 7);
    out[4] = (int) __ballot_sync(ALL_LANES, me % 3 == 0);
    out[5] = (int) __match_any_sync(ALL_LANES, me / 4);
    out[6] = __reduce_add_sync(ALL_LANES, me - 7);
    out[7] = __reduce_min_sync(ALL_LANES, me - 7);
    out[8] = __reduce_max_sync(ALL_LANES, me - 7);
    out[9] = __any_sync(ALL_LANES, me == 31) + 2 * __all_sync(ALL_LANES, me < 31);
    out[10] = __shfl_xor_sync(ALL_LANES, me, 1, 2) + 100 * __shfl_up_sync(ALL_LANES, me, 1, 8);
    uint32 half = me < 16 ? 0xffffu : 0xffff0000u;
    out[11] = me < 16 ? __shfl_sync(half, me, 15) : __shfl_sync(half, me, 16);
}

// Threads hand their number to their neighbour in the next warp, without the barrier that takes.
TANDEM_KERNEL(missing_barrier, NumbersArguments, 64) {
    __shared__ int numbers[64];
    numbers[threadIdx.x] = threadIdx.x;
    arguments.numbers[threadIdx.x] = numbers[(threadIdx.x + WARP) % 64];
}

TANDEM_KERNEL(divergent_barrier, NumbersArguments, 64) {
    if (threadIdx.x < 40) {
        __syncthreads();
    }
    __syncwarp();
    arguments.numbers[threadIdx.x] = 0;
}

TANDEM_KERNEL(two_barriers, NumbersArguments, 64) {
    if (threadIdx.x < WARP) {
        __syncthreads();
    } else {
        arguments.numbers[0] = 0;
        __syncthreads();
    }
}

TANDEM_KERNEL(absent_lane, NumbersArguments, 32) {
    if (threadIdx.x < 16) {
        arguments.numbers[threadIdx.x] = __shfl_sync(0xffffu, threadIdx.x, 20);
    }
}

TANDEM_KERNEL(foreign_mask, NumbersArguments, 32) {
    arguments.numbers[threadIdx.x] = (int) __ballot_sync(0xffffu, 1);
}

TANDEM_KERNEL(shared_overrun, NumbersArguments, 32) {
    int* shared = TANDEM_SHARED(int);
    shared[threadIdx.x + 1] = arguments.count;
}

TANDEM_KERNEL(memory_overrun, NumbersArguments, 32) {
    arguments.numbers[arguments.count] = 0;
}

TANDEM_KERNEL(complains, NumbersArguments, 32) {
    verify((Complaint*) arguments.numbers, OPERAND_SLOT, (int) threadIdx.x - arguments.count, 0, 100);
}
