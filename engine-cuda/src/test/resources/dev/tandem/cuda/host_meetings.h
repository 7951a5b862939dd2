// The threads of a block as fibers: where each of them is, and what lets it go on.
#pragma once
#include "cuda_host.h"
#include "host_stacks.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <vector>

namespace tandem_host {

tandem_index block_index;
tandem_index block_size;
tandem_index grid_size;
const tandem_index* thread_index;

namespace {

constexpr int WARP = 32;
constexpr int MOST_THREADS = 1024;

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

std::vector<Fiber> fibers(MOST_THREADS);
const void* places[MOST_THREADS];
Context scheduler;
Fiber* current;
int count;
const Registration* running;
const void* block_arguments;
bool failed;
char message[1024];

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

} // namespace
} // namespace tandem_host
