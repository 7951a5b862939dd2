// What all kernels share. Plain CUDA C++17 for NVRTC and nvcc; no toolkit header is needed. With
// TANDEM_HOST the same source is compiled by a C++ compiler, after cuda_host.h.
#pragma once

#ifdef TANDEM_HOST
#define TANDEM_KERNEL(name, Arguments, threads) extern "C" void name(const Arguments arguments)
#define TANDEM_ROOMY_KERNEL(name, Arguments, threads) TANDEM_KERNEL(name, Arguments, threads)
#define TANDEM_SHARED(Type) reinterpret_cast<Type*>(tandem_host::dynamic_shared())
#define TANDEM_UNROLL
#define TANDEM_ROLLED
#else
// A kernel: its name, its one structure of arguments, and the most threads a block of it may have.
#define TANDEM_KERNEL(name, Arguments, threads)               \
    extern "C" __global__ void __launch_bounds__(threads) \
    name(const __grid_constant__ Arguments arguments)

// A kernel that gets the registers it asks for. Of others the compiler may spill a few, so that one more
// block fits on a multiprocessor.
#define TANDEM_ROOMY_KERNEL(name, Arguments, threads)            \
    extern "C" __global__ void __launch_bounds__(threads, 1) \
    name(const __grid_constant__ Arguments arguments)

extern __shared__ __align__(16) unsigned char tandem_dynamic_shared[];
// The dynamic shared memory of the block, aligned to 16 bytes.
#define TANDEM_SHARED(Type) reinterpret_cast<Type*>(tandem_dynamic_shared)

// Before a loop over an array that must stay in registers.
#define TANDEM_UNROLL _Pragma("unroll")

// Before a loop whose body shall stand once.
#define TANDEM_ROLLED _Pragma("unroll 1")
#endif

#define TANDEM_DEVICE static __device__ __forceinline__

typedef long long int64;
typedef unsigned int uint32;
typedef unsigned long long uint64;

constexpr int WARP = 32;
constexpr uint32 ALL_LANES = 0xffffffffu;

TANDEM_DEVICE float infinity() { return __uint_as_float(0x7f800000u); }

// ---- where am I; blocks are one-dimensional here -------------------------------------------------

TANDEM_DEVICE int lane() { return threadIdx.x % WARP; }
TANDEM_DEVICE int warp() { return threadIdx.x / WARP; }
TANDEM_DEVICE int warps() { return blockDim.x / WARP; }

// First element of a thread, and how far it is to the next one:
//     for (int64 i = first_element(); i < count; i += element_stride())
TANDEM_DEVICE int64 first_element() { return (int64) blockIdx.x * blockDim.x + threadIdx.x; }
TANDEM_DEVICE int64 element_stride() { return (int64) gridDim.x * blockDim.x; }

// The same with a warp for every row. All lanes of a warp agree, so warp functions may be called.
TANDEM_DEVICE int64 first_row() { return (int64) blockIdx.x * warps() + warp(); }
TANDEM_DEVICE int64 row_stride() { return (int64) gridDim.x * warps(); }

// ---- reductions in a fixed order -----------------------------------------------------------------

// Sum over the warp, in every lane; all lanes get the same bits.
template <typename T>
TANDEM_DEVICE T warp_sum(T value) {
    for (int distance = WARP / 2; distance > 0; distance /= 2) {
        value += __shfl_xor_sync(ALL_LANES, value, distance);
    }
    return value;
}

// Largest value of the warp, in every lane.
template <typename T>
TANDEM_DEVICE T warp_max(T value) {
    for (int distance = WARP / 2; distance > 0; distance /= 2) {
        T other = __shfl_xor_sync(ALL_LANES, value, distance);
        value = value > other ? value : other;
    }
    return value;
}

// Sum over the block, in every thread. `partial` is shared memory for one value per warp; it may
// be used again at once. Every thread of the block must call it.
template <typename T>
TANDEM_DEVICE T block_sum(T value, T* partial) {
    value = warp_sum(value);
    if (lane() == 0) {
        partial[warp()] = value;
    }
    __syncthreads();
    T sum = warp_sum(lane() < warps() ? partial[lane()] : T(0));
    __syncthreads();
    return sum;
}

// ---- complaints ----------------------------------------------------------------------------------

// Numbers of the operands whose integers are verified; Operand.java has the same ones.
enum Operand {
    OPERAND_IDS = 1,
    OPERAND_POSITIONS = 2,
    OPERAND_TARGETS = 3,
    OPERAND_EXPERT = 4,
    OPERAND_SLOT = 5,
    OPERAND_STARTS = 6,
    OPERAND_COUNTS = 7,
    OPERAND_CHOICE_OF = 8,
};

struct Complaint {
    int operand; // 0: none
    int value;
    int low;
    int high;
};

// Whether a value is in low..high. If not, says so; the first complaint since the last one was
// raised stands. A kernel asks before it computes an address, and skips the work otherwise.
TANDEM_DEVICE bool verify(Complaint* complaint, Operand operand, int value, int low, int high) {
    if (value >= low && value <= high) {
        return true;
    }
    if (atomicCAS(&complaint->operand, 0, (int) operand) == 0) {
        complaint->value = value;
        complaint->low = low;
        complaint->high = high;
    }
    return false;
}

// ---- 16-bit floats -------------------------------------------------------------------------------

struct bfloat16 {
    unsigned short bits;
};

TANDEM_DEVICE float load(const float* x) { return *x; }
TANDEM_DEVICE float load(const bfloat16* x) { return __uint_as_float((uint32) x->bits << 16); }

TANDEM_DEVICE void store(float* y, float value) { *y = value; }

// Two of them in one register, the first one low. Rounds to nearest, ties to even; NaN stays NaN.
TANDEM_DEVICE uint32 halves(float low, float high) {
    uint32 bits = 0;
#ifdef TANDEM_HOST
    float values[2] = {low, high};
    for (int i = 0; i < 2; i++) {
        uint32 whole = __float_as_uint(values[i]);
        uint32 rounded = whole + 0x7fffu + (whole >> 16 & 1u);
        bits |= (values[i] == values[i] ? rounded >> 16 : 0x7fffu) << 16 * i;
    }
#else
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(high), "f"(low));
#endif
    return bits;
}
TANDEM_DEVICE float low_half(uint32 halves) { return __uint_as_float(halves << 16); }
TANDEM_DEVICE float high_half(uint32 halves) { return __uint_as_float(halves & 0xffff0000u); }

TANDEM_DEVICE void store(bfloat16* y, float value) { y->bits = (unsigned short) halves(value, 0); }
