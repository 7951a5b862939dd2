// CUDA C++ as a C++17 compiler sees it, for the tests: every thread of a block is a fiber, which gives
// way to the others wherever CUDA may reorder: at barriers and warp functions. See cuda_host.cpp.
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((unused))
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __grid_constant__
#define __constant__ static const
#define __align__(bytes) __attribute__((aligned(bytes)))
// one section, so that its bytes can be spoilt before every block
#define __shared__ static __attribute__((section("tandem_shared"), used))

struct tandem_index {
    unsigned x, y, z;
};

namespace tandem_host {

// What a lane does at a warp function, beside waiting for the others.
enum class Meeting { SYNC, SHUFFLE, BALLOT, MATCH, ADD, MIN, MAX, AND, OR, XOR };

extern tandem_index block_index;
extern tandem_index block_size;
extern tandem_index grid_size;
extern const tandem_index* thread_index;

// Waits for the lanes of the mask and gives the meeting's result: for SHUFFLE the value of a lane.
uint64_t meet(Meeting meeting, uint32_t mask, uint64_t value, int source, int line);

// Waits for the block and gives the number of threads that brought true.
int barrier(bool predicate, int line);

// Ends the launch with a message.
[[noreturn]] void fail(const char* format, ...) __attribute__((format(printf, 1, 2)));

void* dynamic_shared();

// A place for each lane of the caller's warp.
const void** warp_places();

int lane();

// ---- the table of kernels, made by code that the build appends to every source ----------------

struct Field {
    const char* name;
    char kind;
    size_t offset;
    size_t bytes;
};

template <typename T>
constexpr char kind() {
    return std::is_pointer<T>::value ? 'p' : std::is_floating_point<T>::value ? 'f' : std::is_integral<T>::value ? 'i' : '?';
}

struct Registration {
    const char* source;
    const char* name;
    int threads;
    size_t bytes;
    const Field* fields;
    int field_count;
    void (*call)(const void*);

    Registration(
            const char* source,
            const char* name,
            int threads,
            size_t bytes,
            const Field* fields,
            int field_count,
            void (*call)(const void*));
};

// ---- values of up to eight bytes travel as bits -----------------------------------------------

template <typename T>
uint64_t to_bits(T value) {
    static_assert(sizeof(T) <= sizeof(uint64_t) && std::is_trivially_copyable<T>::value, "too large to shuffle");
    uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof(T));
    return bits;
}

template <typename T>
T from_bits(uint64_t bits) {
    T value;
    std::memcpy(&value, &bits, sizeof(T));
    return value;
}

template <typename T>
T shuffle(uint32_t mask, T value, int source, int line) {
    return from_bits<T>(meet(Meeting::SHUFFLE, mask, to_bits(value), source, line));
}

} // namespace tandem_host

#define threadIdx (*tandem_host::thread_index)
#define blockIdx (tandem_host::block_index)
#define blockDim (tandem_host::block_size)
#define gridDim (tandem_host::grid_size)
#define warpSize 32

// ---- synchronization; macros, so that reports name the line -----------------------------------

#define __syncthreads() ((void) tandem_host::barrier(false, __LINE__))
#define __syncthreads_count(predicate) (tandem_host::barrier((predicate) != 0, __LINE__))
#define __syncthreads_or(predicate) (tandem_host::barrier((predicate) != 0, __LINE__) != 0)
#define __syncthreads_and(predicate) (tandem_host::barrier((predicate) == 0, __LINE__) == 0)
#define TANDEM_MEET(meeting, mask, value) (tandem_host::meet(tandem_host::Meeting::meeting, mask, value, 0, __LINE__))
#define __syncwarp(...) ((void) TANDEM_MEET(SYNC, tandem_host::mask_or_all(__VA_ARGS__), 0))
#define __ballot_sync(mask, predicate) ((uint32_t) TANDEM_MEET(BALLOT, mask, (predicate) != 0))
#define __any_sync(mask, predicate) (TANDEM_MEET(BALLOT, mask, (predicate) != 0) != 0)
#define __all_sync(mask, predicate) (TANDEM_MEET(BALLOT, mask, (predicate) == 0) == 0)
#define __match_any_sync(mask, value) ((uint32_t) TANDEM_MEET(MATCH, mask, tandem_host::to_bits(value)))
#define __reduce_add_sync(mask, value) (tandem_host::reduce<tandem_host::Meeting::ADD>(mask, value, __LINE__))
#define __reduce_min_sync(mask, value) (tandem_host::reduce<tandem_host::Meeting::MIN>(mask, value, __LINE__))
#define __reduce_max_sync(mask, value) (tandem_host::reduce<tandem_host::Meeting::MAX>(mask, value, __LINE__))
#define __reduce_and_sync(mask, value) (tandem_host::reduce<tandem_host::Meeting::AND>(mask, value, __LINE__))
#define __reduce_or_sync(mask, value) (tandem_host::reduce<tandem_host::Meeting::OR>(mask, value, __LINE__))
#define __reduce_xor_sync(mask, value) (tandem_host::reduce<tandem_host::Meeting::XOR>(mask, value, __LINE__))
#define __shfl_sync(mask, value, ...) \
    (tandem_host::shuffle(mask, value, tandem_host::indexed(__VA_ARGS__), __LINE__))
#define __shfl_up_sync(mask, value, ...) (tandem_host::shuffle(mask, value, tandem_host::up(__VA_ARGS__), __LINE__))
#define __shfl_down_sync(mask, value, ...) \
    (tandem_host::shuffle(mask, value, tandem_host::down(__VA_ARGS__), __LINE__))
#define __shfl_xor_sync(mask, value, ...) \
    (tandem_host::shuffle(mask, value, tandem_host::across(__VA_ARGS__), __LINE__))

namespace tandem_host {

inline uint32_t mask_or_all(uint32_t mask = 0xffffffffu) { return mask; }
inline int indexed(int source, int width = 32) { return (lane() & ~(width - 1)) + (source & (width - 1)); }
inline int up(int distance, int width = 32) {
    return (lane() & (width - 1)) >= distance ? lane() - distance : lane();
}
inline int down(int distance, int width = 32) {
    return (lane() & (width - 1)) + distance < width ? lane() + distance : lane();
}
inline int across(int mask, int width = 32) {
    return ((lane() & (width - 1)) ^ mask) < width ? lane() ^ mask : lane();
}

// 32-bit integers only, as on the device; their order survives the widening.
template <Meeting meeting, typename T>
T reduce(uint32_t mask, T value, int line) {
    static_assert(std::is_integral<T>::value && sizeof(T) == 4, "reductions take 32-bit integers");
    return (T) meet(meeting, mask, (uint64_t) (int64_t) value, 0, line);
}

// The values that the lanes of the warp hold, for the scalar bodies of tensor-core functions.
template <typename T>
void all_lanes(const T& mine, T (&values)[32], int line) {
    warp_places()[lane()] = &mine;
    meet(Meeting::SYNC, 0xffffffffu, 0, 0, line);
    for (int source = 0; source < 32; source++) {
        values[source] = *static_cast<const T*>(warp_places()[source]);
    }
    meet(Meeting::SYNC, 0xffffffffu, 0, 0, line);
}

} // namespace tandem_host

// ---- atomics: fibers give way nowhere else, so these are plain ----------------------------------

template <typename T>
inline T atomicAdd(T* address, std::common_type_t<T> value) {
    static_assert(std::is_integral<T>::value, "float atomics would make results depend on the order of threads");
    T old = *address;
    *address = old + value;
    return old;
}
template <typename T>
inline T atomicMax(T* address, std::common_type_t<T> value) {
    T old = *address;
    *address = old > value ? old : value;
    return old;
}
template <typename T>
inline T atomicMin(T* address, std::common_type_t<T> value) {
    T old = *address;
    *address = old < value ? old : value;
    return old;
}
template <typename T>
inline T atomicOr(T* address, std::common_type_t<T> value) {
    T old = *address;
    *address = old | value;
    return old;
}
template <typename T>
inline T atomicExch(T* address, std::common_type_t<T> value) {
    T old = *address;
    *address = value;
    return old;
}
template <typename T>
inline T atomicCAS(T* address, std::common_type_t<T> expected, std::common_type_t<T> value) {
    T old = *address;
    *address = old == expected ? value : old;
    return old;
}
inline void __threadfence() {}
inline void __threadfence_block() {}

// ---- vectors ------------------------------------------------------------------------------------

struct __align__(8) float2 {
    float x, y;
};
struct __align__(16) float4 {
    float x, y, z, w;
};
struct __align__(8) int2 {
    int x, y;
};
struct __align__(16) int4 {
    int x, y, z, w;
};
struct __align__(8) uint2 {
    unsigned x, y;
};
struct __align__(16) uint4 {
    unsigned x, y, z, w;
};
struct __align__(16) double2 {
    double x, y;
};
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline int2 make_int2(int x, int y) { return {x, y}; }
inline int4 make_int4(int x, int y, int z, int w) { return {x, y, z, w}; }
inline uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }
inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }
inline double2 make_double2(double x, double y) { return {x, y}; }

// ---- arithmetic ---------------------------------------------------------------------------------

template <typename A, typename B>
inline std::common_type_t<A, B> min(A a, B b) {
    return a < b ? a : b;
}
template <typename A, typename B>
inline std::common_type_t<A, B> max(A a, B b) {
    return a > b ? a : b;
}
inline float rsqrtf(float x) { return 1 / std::sqrt(x); }
inline double cospi(double x) { return std::cos(3.14159265358979323846 * x); }
inline float __fdividef(float a, float b) { return a / b; }
inline float __expf(float x) { return std::exp(x); }
inline float __logf(float x) { return std::log(x); }
inline double sinpi(double x) { return std::sin(3.14159265358979323846 * x); }
inline float __fmaf_rn(float a, float b, float c) { return std::fma(a, b, c); }
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz((unsigned) x); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline unsigned __umulhi(unsigned a, unsigned b) { return (unsigned) ((uint64_t) a * b >> 32); }
inline int __float_as_int(float x) { return tandem_host::from_bits<int>(tandem_host::to_bits(x)); }
inline unsigned __float_as_uint(float x) { return tandem_host::from_bits<unsigned>(tandem_host::to_bits(x)); }
inline float __int_as_float(int x) { return tandem_host::from_bits<float>(tandem_host::to_bits(x)); }
inline float __uint_as_float(unsigned x) { return tandem_host::from_bits<float>(tandem_host::to_bits(x)); }
template <typename T>
inline T __ldg(const T* address) {
    return *address;
}
