// Runs kernels on the processor, one block after the other, the threads of a block as fibers. The
// order in which fibers run is a schedule; a kernel that forgets a barrier gives different results
// under different ones. What no schedule can make right is reported: lanes that miss each other,
// barriers that not all reach, writes behind the shared memory.
#include "cuda_host.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <string>
#include <vector>

#ifndef __x86_64__
#include <ucontext.h>
#endif

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

extern "C" __attribute__((weak)) char __start_tandem_shared[];
extern "C" __attribute__((weak)) char __stop_tandem_shared[];

namespace tandem_host {

tandem_index block_index;
tandem_index block_size;
tandem_index grid_size;
const tandem_index* thread_index;

namespace {

constexpr int WARP = 32;
constexpr int MOST_THREADS = 1024;
constexpr size_t STACK_BYTES = 64 * 1024;
constexpr size_t MOST_SHARED = 227 * 1024;
constexpr size_t GUARD_BYTES = 256;
constexpr unsigned char SPOILT = 0xff; // NaN as a float, -1 as an integer
constexpr unsigned char GUARD = 0xa5;

// ---- changing from one stack to another -------------------------------------------------------

// The sanitizer must know the stack it is on. Frames of fibers that never returned leave their marks.
struct Stack {
    const void* bottom;
    size_t bytes;
    void* hidden;
};

#ifdef __SANITIZE_ADDRESS__
void leave(Stack& from, const Stack& to) { __sanitizer_start_switch_fiber(&from.hidden, to.bottom, to.bytes); }
void arrive(Stack& here, Stack* from) {
    __sanitizer_finish_switch_fiber(here.hidden, from ? &from->bottom : nullptr, from ? &from->bytes : nullptr);
}
void renew(Stack& here) {
    __asan_unpoison_memory_region(here.bottom, here.bytes);
    here.hidden = nullptr;
}
#else
void leave(Stack&, const Stack&) {}
void arrive(Stack&, Stack*) {}
void renew(Stack&) {}
#endif

#ifdef __x86_64__
struct Context {
    void* top;
    Stack stack;
};

extern "C" void tandem_switch(void** from, void* to);
asm(R"(
    .text
    .globl tandem_switch
    .hidden tandem_switch
    .type tandem_switch, @function
tandem_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size tandem_switch, .-tandem_switch
)");

void change(Context& from, Context& to) {
    leave(from.stack, to.stack);
    tandem_switch(&from.top, to.top);
    arrive(from.stack, nullptr);
}

void prepare(Context& context, char* stack, void (*entry)()) {
    context.stack = {stack, STACK_BYTES, nullptr};
    renew(context.stack);
    auto top = reinterpret_cast<void**>(reinterpret_cast<uintptr_t>(stack + STACK_BYTES) & ~uintptr_t(15));
    *--top = nullptr; // where entry would return to
    *--top = reinterpret_cast<void*>(entry);
    for (int saved = 0; saved < 6; saved++) {
        *--top = nullptr;
    }
    context.top = top;
}
#else
struct Context {
    ucontext_t registers;
    Stack stack;
};

void change(Context& from, Context& to) {
    leave(from.stack, to.stack);
    swapcontext(&from.registers, &to.registers);
    arrive(from.stack, nullptr);
}

void prepare(Context& context, char* stack, void (*entry)()) {
    context.stack = {stack, STACK_BYTES, nullptr};
    renew(context.stack);
    getcontext(&context.registers);
    context.registers.uc_stack.ss_sp = stack;
    context.registers.uc_stack.ss_size = STACK_BYTES;
    context.registers.uc_link = nullptr;
    makecontext(&context.registers, entry, 0);
}
#endif

// ---- the state of a launch -----------------------------------------------------------------------

enum class State { READY, IN_WARP, AT_BARRIER, DONE };

struct Fiber {
    Context context;
    tandem_index index;
    State state;
    Meeting meeting;
    uint32_t mask;
    uint64_t value;
    uint64_t result;
    int source;
    int line;
};

enum Schedule { FORWARD = 0, REVERSED = 1, GREEDY = 2, REVERSED_GREEDY = 3, RANDOM = 4 };

std::vector<Fiber> fibers(MOST_THREADS);
const void* places[MOST_THREADS];
char* stacks;
unsigned char* shared_memory;
size_t shared_bytes;
Context scheduler;
Fiber* current;
int count;
const Registration* running;
const void* block_arguments;
int schedule;
uint64_t random_state;
bool failed;
char message[1024];

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

void report(const char* format, va_list values) {
    if (failed) {
        return;
    }
    failed = true;
    int written = snprintf(
            message,
            sizeof message,
            "%s: %s, block (%u, %u, %u): ",
            running->source,
            running->name,
            block_index.x,
            block_index.y,
            block_index.z);
    vsnprintf(message + written, sizeof message - written, format, values);
}

__attribute__((format(printf, 1, 2))) void note(const char* format, ...) {
    va_list values;
    va_start(values, format);
    report(format, values);
    va_end(values);
}

void wait(State state) {
    current->state = state;
    change(current->context, scheduler);
}

void enter() {
    arrive(current->context.stack, &scheduler.stack);
    running->call(block_arguments);
    wait(State::DONE);
}

void run(Fiber& fiber) {
    current = &fiber;
    thread_index = &fiber.index;
    change(scheduler, fiber.context);
}

// ---- meetings --------------------------------------------------------------------------------------

int number(const Fiber& fiber) { return (int) (&fiber - fibers.data()); }

uint64_t combined(const Fiber* warp, uint32_t members, Meeting meeting) {
    uint64_t result = 0;
    bool first = true;
    for (int lane = 0; lane < WARP; lane++) {
        if (!(members >> lane & 1)) {
            continue;
        }
        uint64_t value = warp[lane].value;
        switch (meeting) {
            case Meeting::BALLOT: result |= value << lane; break;
            case Meeting::ADD: result += value; break;
            case Meeting::OR: result |= value; break;
            case Meeting::XOR: result ^= value; break;
            case Meeting::AND: result = first ? value : result & value; break;
            case Meeting::MIN: result = first || (int64_t) value < (int64_t) result ? value : result; break;
            case Meeting::MAX: result = first || (int64_t) value > (int64_t) result ? value : result; break;
            default: break;
        }
        first = false;
    }
    return result;
}

uint64_t result_of(const Fiber* warp, uint32_t members, int lane, uint64_t together) {
    const Fiber& fiber = warp[lane];
    if (fiber.meeting == Meeting::SHUFFLE) {
        if (!(members >> fiber.source & 1)) {
            note("line %d: lane %d reads lane %d, which takes no part", fiber.line, lane, fiber.source);
            return 0;
        }
        return warp[fiber.source].value;
    }
    if (fiber.meeting == Meeting::MATCH) {
        uint32_t equal = 0;
        for (int other = 0; other < WARP; other++) {
            equal |= (uint32_t) ((members >> other & 1) && warp[other].value == fiber.value) << other;
        }
        return equal;
    }
    return together;
}

// Releases the lanes that wait for the same meeting once all of them are there.
bool release_meetings(int w) {
    Fiber* warp = &fibers[w * WARP];
    int lanes = std::min(WARP, count - w * WARP);
    uint32_t alive = 0;
    for (int lane = 0; lane < lanes; lane++) {
        alive |= (uint32_t) (warp[lane].state != State::DONE) << lane;
    }
    bool released = false;
    for (int lane = 0; lane < lanes; lane++) {
        if (warp[lane].state != State::IN_WARP) {
            continue;
        }
        uint32_t members = warp[lane].mask & alive;
        bool complete = true;
        for (int other = 0; other < lanes && complete; other++) {
            const Fiber& fiber = warp[other];
            complete = !(members >> other & 1)
                    || (fiber.state == State::IN_WARP && fiber.mask == warp[lane].mask
                            && fiber.meeting == warp[lane].meeting);
        }
        if (!complete) {
            continue;
        }
        uint64_t together = combined(warp, members, warp[lane].meeting);
        for (int member = 0; member < lanes; member++) {
            if (members >> member & 1) {
                warp[member].result = result_of(warp, members, member, together);
                warp[member].state = State::READY;
            }
        }
        released = true;
    }
    return released;
}

bool release_barrier() {
    const Fiber* first = nullptr;
    int arrived = 0;
    uint64_t sum = 0;
    for (int i = 0; i < count; i++) {
        const Fiber& fiber = fibers[i];
        if (fiber.state == State::DONE) {
            continue;
        }
        if (fiber.state != State::AT_BARRIER) {
            return false;
        }
        first = first ? first : &fiber;
        if (fiber.line != first->line) {
            note("divergent barrier: thread %d is at line %d, thread %d at line %d",
                    number(*first), first->line, i, fiber.line);
            return false;
        }
        arrived++;
        sum += fiber.value;
    }
    for (int i = 0; i < count; i++) {
        if (fibers[i].state == State::AT_BARRIER) {
            fibers[i].result = sum;
            fibers[i].state = State::READY;
        }
    }
    return arrived > 0;
}

void explain_deadlock() {
    const Fiber* waiting = nullptr;
    for (int i = 0; i < count; i++) {
        const Fiber& fiber = fibers[i];
        if (fiber.state == State::DONE) {
            continue;
        }
        if (!waiting) {
            waiting = &fiber;
        } else if (fiber.state != waiting->state || fiber.line != waiting->line || fiber.mask != waiting->mask) {
            note("divergent barrier: thread %d waits at line %d (%s), thread %d at line %d (%s)",
                    number(*waiting), waiting->line, waiting->state == State::AT_BARRIER ? "block" : "warp",
                    i, fiber.line, fiber.state == State::AT_BARRIER ? "block" : "warp");
            return;
        }
    }
    note("divergent barrier: thread %d waits at line %d for lanes that never come", number(*waiting), waiting->line);
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
