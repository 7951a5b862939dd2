// Runs kernels on the processor, one block after the other, the threads of a block as fibers. The
// order in which fibers run is a schedule; a kernel that forgets a barrier gives different results
// under different ones. What no schedule can make right is reported: lanes that miss each other,
// barriers that not all reach, writes behind the shared memory.
#include "cuda_host.h"
#include "host_meetings.h"
#include "host_stacks.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <string>
#include <vector>

extern "C" __attribute__((weak)) char __start_tandem_shared[];
extern "C" __attribute__((weak)) char __stop_tandem_shared[];

namespace tandem_host {
namespace {

constexpr size_t MOST_SHARED = 227 * 1024;
constexpr size_t GUARD_BYTES = 256;
constexpr unsigned char SPOILT = 0xff; // NaN as a float, -1 as an integer
constexpr unsigned char GUARD = 0xa5;

enum Schedule { FORWARD = 0, REVERSED = 1, GREEDY = 2, REVERSED_GREEDY = 3, RANDOM = 4 };

char* stacks;
unsigned char* shared_memory;
size_t shared_bytes;
int schedule;
uint64_t random_state;

std::vector<const Registration*>& kernels() {
    static std::vector<const Registration*> all;
    return all;
}

uint64_t random_below(uint64_t bound) { // splitmix64
    uint64_t z = random_state += 0x9e3779b97f4a7c15ull;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return (z ^ z >> 31) % bound;
}

// ---- schedules -------------------------------------------------------------------------------------

bool run_lanes(int w, bool backwards) {
    bool ran = false;
    int lanes = std::min(WARP, count - w * WARP);
    for (int i = 0; i < lanes && !failed; i++) {
        Fiber& fiber = fibers[w * WARP + (backwards ? lanes - 1 - i : i)];
        if (fiber.state == State::READY) {
            run(fiber);
            ran = true;
        }
    }
    return ran;
}

// Every warp up to its next meeting, or with greed up to its next barrier.
bool run_warps(bool backwards, bool greedy) {
    bool ran = false;
    int warps = (count + WARP - 1) / WARP;
    for (int i = 0; i < warps && !failed; i++) {
        int w = backwards ? warps - 1 - i : i;
        do {
            ran |= run_lanes(w, backwards);
        } while (release_meetings(w) && greedy && !failed);
    }
    return ran;
}

// Single lanes of a warp that is kept for a while.
bool run_randomly() {
    bool ran = false;
    int warps = (count + WARP - 1) / WARP;
    for (int idle = 0; idle < 4 * warps && !failed;) {
        int w = (int) random_below(warps);
        int lanes = std::min(WARP, count - w * WARP);
        int start = (int) random_below(lanes);
        int burst = 1 + (int) random_below(8 * lanes);
        bool active = false;
        for (int i = 0; i < burst && !failed; i++) {
            Fiber& fiber = fibers[w * WARP + (start + i) % lanes];
            if (fiber.state == State::READY) {
                run(fiber);
                active = true;
            }
            if (i % lanes == lanes - 1) {
                active |= release_meetings(w);
            }
        }
        active |= release_meetings(w);
        ran |= active;
        idle = active ? 0 : idle + 1;
    }
    return ran | run_warps(false, true);
}

void run_block() {
    for (int i = 0; i < count; i++) {
        Fiber& fiber = fibers[i];
        unsigned plane = block_size.x * block_size.y;
        fiber.index = {i % block_size.x, i / block_size.x % block_size.y, i / plane};
        fiber.state = State::READY;
        char* stack = stacks + i * STACK_BYTES;
        prepare(fiber.context, stack, enter);
        memset(stack, GUARD, GUARD_BYTES);
    }
    std::fill(__start_tandem_shared, __stop_tandem_shared, (char) SPOILT);
    memset(shared_memory, SPOILT, shared_bytes);
    memset(shared_memory + shared_bytes, GUARD, GUARD_BYTES);
    bool live = true;
    while (live && !failed) {
        bool progress = schedule == RANDOM ? run_randomly() : run_warps(schedule & REVERSED, schedule & GREEDY);
        progress |= !failed && release_barrier();
        live = std::any_of(&fibers[0], &fibers[0] + count, [](const Fiber& f) { return f.state != State::DONE; });
        if (live && !progress && !failed) {
            explain_deadlock();
        }
    }
}

bool untouched(const void* guard) {
    auto bytes = static_cast<const unsigned char*>(guard);
    return std::all_of(bytes, bytes + GUARD_BYTES, [](unsigned char byte) { return byte == GUARD; });
}

void check_block() {
    if (!untouched(shared_memory + shared_bytes)) {
        note("wrote behind its %zu bytes of dynamic shared memory", shared_bytes);
    }
    for (int i = 0; i < count; i++) {
        if (!untouched(stacks + i * STACK_BYTES)) {
            note("thread %d needs more than %zu bytes of local memory", i, STACK_BYTES);
        }
    }
}

std::vector<size_t> block_order(size_t blocks) {
    std::vector<size_t> order(blocks);
    std::iota(order.begin(), order.end(), size_t(0));
    if (schedule == RANDOM) {
        for (size_t i = blocks; i > 1; i--) {
            std::swap(order[i - 1], order[random_below(i)]);
        }
    } else if (schedule & REVERSED) {
        std::reverse(order.begin(), order.end());
    }
    return order;
}

void launch(const Registration& kernel, const int* grid, const void* arguments) {
    running = &kernel;
    block_arguments = arguments;
    grid_size = {(unsigned) grid[0], (unsigned) grid[1], (unsigned) grid[2]};
    block_size = {(unsigned) grid[3], (unsigned) grid[4], (unsigned) grid[5]};
    block_index = {0, 0, 0};
    shared_bytes = (size_t) grid[6];
    count = grid[3] * grid[4] * grid[5];
    if (count > kernel.threads) {
        note("launched with %d threads, declared with at most %d", count, kernel.threads);
        return;
    }
    if (!stacks) {
        stacks = static_cast<char*>(malloc(MOST_THREADS * STACK_BYTES));
        shared_memory = static_cast<unsigned char*>(aligned_alloc(256, MOST_SHARED + GUARD_BYTES));
    }
    for (size_t block : block_order((size_t) grid[0] * grid[1] * grid[2])) {
        block_index.x = (unsigned) (block % grid[0]);
        block_index.y = (unsigned) (block / grid[0] % grid[1]);
        block_index.z = (unsigned) (block / grid[0] / grid[1]);
        run_block();
        if (!failed) {
            check_block();
        }
        if (failed) {
            return;
        }
    }
}

} // namespace

// ---- what kernels call -----------------------------------------------------------------------------

void fail(const char* format, ...) {
    va_list values;
    va_start(values, format);
    report(format, values);
    va_end(values);
    for (;;) {
        change(current->context, scheduler);
    }
}

int lane() { return number(*current) % WARP; }

const void** warp_places() { return places + number(*current) / WARP * WARP; }

uint64_t meet(Meeting meeting, uint32_t mask, uint64_t value, int source, int line) {
    if (!(mask >> lane() & 1)) {
        fail("line %d: lane %d is not in its own mask %08x", line, lane(), mask);
    }
    if (source < 0 || source >= WARP) {
        fail("line %d: there is no lane %d", line, source);
    }
    current->meeting = meeting;
    current->mask = mask;
    current->value = value;
    current->source = source;
    current->line = line;
    wait(State::IN_WARP);
    return current->result;
}

int barrier(bool predicate, int line) {
    current->mask = 0;
    current->value = predicate;
    current->line = line;
    wait(State::AT_BARRIER);
    return (int) current->result;
}

void* dynamic_shared() { return shared_memory; }

Registration::Registration(
        const char* source,
        const char* name,
        int threads,
        size_t bytes,
        const Field* fields,
        int field_count,
        void (*call)(const void*))
    : source(source), name(name), threads(threads), bytes(bytes), fields(fields), field_count(field_count), call(call) {
    kernels().push_back(this);
}

} // namespace tandem_host

// ---- what the tests call ---------------------------------------------------------------------------

// A line for every kernel: source, name, most threads, bytes of arguments, fields as name:kind:offset:bytes.
extern "C" __attribute__((visibility("default"))) const char* tandem_kernels() {
    static std::string table;
    table.clear();
    for (const tandem_host::Registration* kernel : tandem_host::kernels()) {
        table += std::string(kernel->source) + " " + kernel->name + " " + std::to_string(kernel->threads) + " "
                + std::to_string(kernel->bytes);
        for (int i = 0; i < kernel->field_count; i++) {
            const tandem_host::Field& field = kernel->fields[i];
            table += std::string(" ") + field.name + ":" + field.kind + ":" + std::to_string(field.offset) + ":"
                    + std::to_string(field.bytes);
        }
        table += "\n";
    }
    return table.c_str();
}

// Runs the kernel of that line. Null, or what is wrong with the kernel.
extern "C" __attribute__((visibility("default"))) const char* tandem_launch(int kernel, const int* grid, const void* arguments, int schedule, uint64_t seed) {
    tandem_host::failed = false;
    tandem_host::schedule = schedule;
    tandem_host::random_state = seed;
    tandem_host::launch(*tandem_host::kernels()[kernel], grid, arguments);
    return tandem_host::failed ? tandem_host::message : nullptr;
}

// Bytes that kernels must not touch. Without the sanitizer the tests see only that they were written.
extern "C" __attribute__((visibility("default"))) void tandem_guard(void* guard, size_t bytes, int guarded) {
#ifdef __SANITIZE_ADDRESS__
    if (guarded) {
        __asan_poison_memory_region(guard, bytes);
    } else {
        __asan_unpoison_memory_region(guard, bytes);
    }
#else
    (void) guard, (void) bytes, (void) guarded;
#endif
}
