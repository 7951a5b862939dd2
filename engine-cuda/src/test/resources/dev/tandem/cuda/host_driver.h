// Memory, streams and images of the driver in host_driver.cpp.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <dlfcn.h>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace {

enum { SUCCESS = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, INVALID_IMAGE = 200, INVALID_CONTEXT = 201 };
enum { NOT_FOUND = 500, ILLEGAL_ADDRESS = 700, LAUNCH_FAILED = 719 };
constexpr size_t SHARED_WITHOUT_ASKING = 48 << 10;
constexpr size_t MOST_SHARED = 99 << 10; // of the smallest GPU, sm_86 and sm_89
constexpr size_t ALIGNMENT = 256;
constexpr size_t SPOILT = 1 << 20;
constexpr int DEVICE = 40; // what number 0 is called

struct Event {
    long recorded = 0; // commands of the stream before it
};
struct Stream {
    std::deque<std::function<void()>> waiting;
    long enqueued = 0;
    long done = 0;
};
struct Module {
    std::string source;
    std::string table;
    const char* (*launch)(int, const int*, const void*, int, uint64_t);
};
struct Function {
    Module* module;
    int index;
    std::string name;
    size_t bytes;
    size_t shared;
};

struct Run {
    Function* function;
    std::vector<int> grid; // blocks, threads, bytes of shared memory
    std::vector<char> arguments;
};
// As the driver's interface lays out CUDA_KERNEL_NODE_PARAMS_v2.
struct NodeParameters {
    Function* function;
    int grid[7];
    void** parameters;
    void** extra;
    void* kernel;
    void* context;
};
struct Graph;
struct Node {
    Graph* graph;
    size_t index;
    Run run;
};
struct Graph {
    std::vector<Node*> nodes;
};
struct Runnable {
    Graph* graph;
    std::vector<Run> runs;
};

int context;
bool retained;
thread_local bool current;
Stream* the_stream;
std::map<uintptr_t, size_t> allocations;
size_t allocated;
size_t room = size_t(1) << 30;
int schedule;
int broken;    // what every call returns once a kernel failed
int objects;   // that were made and not destroyed
int left;      // of them when the context went
std::string failing;
int failure;
uint64_t seed = 0x5EED;

// Whether a call goes wrong for a reason that is not its own; then the code.
int ordered(const char* call) { return failing == call ? (failing.clear(), failure) : SUCCESS; }
int obstacle(const char* call) {
    int code = ordered(call);
    return code ? code : broken ? broken : current && retained ? SUCCESS : INVALID_CONTEXT;
}

#define BEGIN                            \
    if (int code = obstacle(__func__)) { \
        return code;                     \
    }

void enqueue(Stream* stream, std::function<void()> command) {
    stream->waiting.push_back(std::move(command));
    stream->enqueued++;
}

int run(Stream* stream, long until) {
    while (stream->done < until && !broken) {
        auto command = std::move(stream->waiting.front());
        stream->waiting.pop_front();
        stream->done++;
        command();
    }
    return broken;
}

// Whether all of it lies in one allocation.
bool owned(uintptr_t address, size_t bytes) {
    auto after = allocations.upper_bound(address);
    if (after == allocations.begin()) {
        return false;
    }
    --after;
    return address + bytes <= after->first + after->second;
}

void copy(void* target, const void* source, uintptr_t device, size_t bytes) {
    if (owned(device, bytes)) {
        memcpy(target, source, bytes);
    } else {
        broken = ILLEGAL_ADDRESS;
    }
}

template <typename T>
int made(T** place, T* object) {
    *place = object;
    return objects++, SUCCESS;
}
template <typename T>
int destroyed(T* object) {
    delete object;
    return objects--, SUCCESS;
}

// Checks a run as the driver does, and copies its arguments.
int described(Run* run, Function* function, std::vector<int> grid, void** parameters, void** extra) {
    bool fits = grid[1] <= 65535 && grid[2] <= 65535 && grid[3] * grid[4] * grid[5] <= 1024;
    if (extra || !fits || size_t(grid[6]) > function->shared) {
        return INVALID_VALUE;
    }
    auto first = static_cast<const char*>(parameters[0]);
    *run = {function, grid, std::vector<char>(first, first + function->bytes)};
    return SUCCESS;
}
int described(Run* run, const NodeParameters& node) {
    if (node.kernel || node.context) {
        return INVALID_VALUE;
    }
    std::vector<int> grid(node.grid, node.grid + 7);
    return described(run, node.function, grid, node.parameters, node.extra);
}

void launch(const Run& run) {
    broken = ordered(run.function->name.c_str());
    if (broken) {
        return;
    }
    Module* module = run.function->module;
    if (const char* fault = module->launch(run.function->index, run.grid.data(), run.arguments.data(), schedule, seed++)) {
        printf("%s: %s\n", run.function->name.c_str(), fault);
        broken = LAUNCH_FAILED;
    }
}

std::vector<std::string> words(const std::string& line) {
    std::vector<std::string> found(1);
    for (char c : line) {
        if (c == ' ') {
            found.emplace_back();
        } else {
            found.back() += c;
        }
    }
    return found;
}

} // namespace
