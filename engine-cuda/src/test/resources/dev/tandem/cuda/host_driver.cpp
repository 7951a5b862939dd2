// NVIDIA's driver, as far as the backend calls it, over the host shim: what JavaCPP's bindings load where there is no
// GPU. Work waits in its stream until somebody waits for it, so host memory that is read or written too early shows.
#include "host_driver.h"

#define DRIVER extern "C" __attribute__((visibility("default")))

// Sets the room for allocations or the schedule of threads, or gives the number of objects that nobody gave back
// before the context went, -1 if it did not go. Any other word is a call or a kernel: the next of that name fails with
// the code.
DRIVER long stub(const char* word, long value) {
    if (std::string("room") == word) {
        room = value;
    } else if (std::string("schedule") == word) {
        schedule = (int) value;
    } else if (std::string("left") == word) {
        return retained ? -1 : left;
    } else {
        failing = word;
        failure = (int) value;
    }
    return 0;
}

// ---- the driver ------------------------------------------------------------------------------------------

DRIVER int cuDriverGetVersion(int* version) { return *version = 13000, SUCCESS; }
DRIVER int cuInit(unsigned) { return SUCCESS; }
DRIVER int cuDeviceGetCount(int* count) { return *count = 1, SUCCESS; }
DRIVER int cuDeviceGetName(char* name, int length, int) { return strncpy(name, "Host Shim", length), SUCCESS; }
DRIVER int cuDeviceGetAttribute(int* value, int attribute, int) { return *value = attribute == 75 ? 8 : 0, SUCCESS; }
DRIVER int cuDeviceGet(int* device, int number) { return *device = number + DEVICE, SUCCESS; }
DRIVER int cuGetErrorString(int code, const char** text) {
    *text = code == ILLEGAL_ADDRESS ? "an illegal memory access was encountered" : "words of the driver";
    return SUCCESS;
}

DRIVER int cuDevicePrimaryCtxRetain(int** made, int device) {
    int code = device == DEVICE ? ordered(__func__) : INVALID_VALUE;
    retained = code == SUCCESS;
    return *made = &context, code;
}
// Everything that was made in the context goes with it.
DRIVER int cuDevicePrimaryCtxRelease_v2(int device) {
    left = objects + (int) allocations.size();
    for (auto& allocation : allocations) {
        free(reinterpret_cast<void*>(allocation.first));
    }
    allocations.clear();
    allocated = 0;
    objects = broken = 0;
    return retained = false, device == DEVICE ? SUCCESS : INVALID_VALUE;
}
DRIVER int cuCtxSetCurrent(int* wanted) {
    current = wanted == &context;
    return current ? ordered(__func__) : INVALID_CONTEXT;
}

DRIVER int cuStreamCreate(Stream** place, unsigned) {
    BEGIN
    return made(place, the_stream = new Stream);
}
DRIVER int cuStreamSynchronize(Stream* stream) {
    BEGIN
    return run(stream, stream->enqueued);
}
DRIVER int cuStreamDestroy_v2(Stream* stream) { return destroyed(stream); }
DRIVER int cuEventCreate(Event** place, unsigned) {
    BEGIN
    return made(place, new Event);
}
DRIVER int cuEventRecord(Event* event, Stream* stream) {
    BEGIN
    return event->recorded = stream->enqueued, SUCCESS;
}
DRIVER int cuEventSynchronize(Event* event) {
    BEGIN
    return run(the_stream, event->recorded);
}
DRIVER int cuEventDestroy_v2(Event* event) { return destroyed(event); }

DRIVER int cuDeviceGetDefaultMemPool(void** pool, int) { return *pool = &allocations, SUCCESS; }
DRIVER int cuMemPoolSetAttribute(void* pool, int, void*) { return pool == &allocations ? SUCCESS : INVALID_VALUE; }
DRIVER int cuMemPoolGetAttribute(void* pool, int, void* value) {
    memset(value, 0, sizeof(uint64_t));
    return pool == &allocations ? SUCCESS : INVALID_VALUE;
}
DRIVER int cuMemPoolTrimTo(void*, size_t) { return SUCCESS; }
DRIVER int cuMemGetInfo_v2(size_t* free, size_t* total) {
    BEGIN
    return *free = room - allocated, *total = room, SUCCESS;
}
DRIVER int cuMemAllocAsync(uintptr_t* address, size_t bytes, Stream*) {
    BEGIN
    if (bytes == 0) {
        return INVALID_VALUE;
    }
    if (bytes > room - allocated) {
        return OUT_OF_MEMORY;
    }
    size_t whole = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    void* memory = aligned_alloc(ALIGNMENT, whole);
    memset(memory, 0xff, std::min(whole, SPOILT)); // all would take longer than the kernels
    *address = reinterpret_cast<uintptr_t>(memory);
    allocations[*address] = bytes;
    allocated += bytes;
    return SUCCESS;
}
DRIVER int cuMemFreeAsync(uintptr_t address, Stream* stream) {
    BEGIN
    auto found = allocations.find(address);
    if (found == allocations.end()) {
        return INVALID_VALUE;
    }
    allocated -= found->second;
    enqueue(stream, [=] {
        allocations.erase(address);
        free(reinterpret_cast<void*>(address));
    });
    return SUCCESS;
}
DRIVER int cuMemHostAlloc(void** memory, size_t bytes, unsigned) {
    BEGIN
    objects++;
    return *memory = malloc(bytes), SUCCESS;
}
DRIVER int cuMemFreeHost(void* memory) {
    free(memory);
    return objects--, SUCCESS;
}
DRIVER int cuMemsetD8Async(uintptr_t target, unsigned char value, size_t bytes, Stream* stream) {
    BEGIN
    std::vector<unsigned char> values(bytes, value);
    enqueue(stream, [=] { copy(reinterpret_cast<void*>(target), values.data(), target, bytes); });
    return SUCCESS;
}
DRIVER int cuMemcpyHtoDAsync_v2(uintptr_t target, const void* source, size_t bytes, Stream* stream) {
    BEGIN
    enqueue(stream, [=] { copy(reinterpret_cast<void*>(target), source, target, bytes); });
    return SUCCESS;
}
DRIVER int cuMemcpyDtoHAsync_v2(void* target, uintptr_t source, size_t bytes, Stream* stream) {
    BEGIN
    enqueue(stream, [=] { copy(target, reinterpret_cast<void*>(source), source, bytes); });
    return SUCCESS;
}

// An image is the name of a source, a line break, the path of the shim's library, and a line break.
DRIVER int cuModuleLoadData(Module** place, const char* image) {
    BEGIN
    std::string text(image);
    size_t line = text.find('\n');
    size_t end = line == std::string::npos ? line : text.find('\n', line + 1);
    void* library = end == std::string::npos ? nullptr : dlopen(text.substr(line + 1, end - line - 1).c_str(), RTLD_NOW);
    if (!library) {
        return INVALID_IMAGE;
    }
    auto table = reinterpret_cast<const char* (*)()>(dlsym(library, "tandem_kernels"));
    auto launch = reinterpret_cast<decltype(Module::launch)>(dlsym(library, "tandem_launch"));
    return made(place, new Module{text.substr(0, line), table(), launch});
}
DRIVER int cuModuleUnload(Module* module) { return destroyed(module); }
DRIVER int cuModuleGetFunction(Function** found, Module* module, const char* name) {
    BEGIN
    size_t begin = 0;
    for (int index = 0; begin < module->table.size(); index++) {
        size_t end = module->table.find('\n', begin);
        auto row = words(module->table.substr(begin, end - begin));
        if (row[0] == module->source && row[1] == name) {
            *found = new Function{module, index, name, std::stoul(row[3]), SHARED_WITHOUT_ASKING};
            return SUCCESS;
        }
        begin = end + 1;
    }
    return NOT_FOUND;
}
DRIVER int cuFuncGetParamInfo(Function* function, size_t index, size_t* offset, size_t* bytes) {
    BEGIN
    return *offset = 0, *bytes = function->bytes, index == 0 ? SUCCESS : INVALID_VALUE;
}
DRIVER int cuFuncSetAttribute(Function* function, int attribute, int value) {
    BEGIN
    if (attribute != 8 || value < 0 || size_t(value) > MOST_SHARED) {
        return INVALID_VALUE;
    }
    return function->shared = value, SUCCESS;
}
DRIVER int cuLaunchKernel(Function* function, int x, int y, int z, int threads_x, int threads_y, int threads_z, int shared,
        Stream* stream, void** parameters, void** extra) {
    BEGIN
    Run run;
    int code = described(&run, function, {x, y, z, threads_x, threads_y, threads_z, shared}, parameters, extra);
    if (code == SUCCESS) {
        enqueue(stream, [=] { launch(run); });
    }
    return code;
}

// ---- graphs: each node depends on the one before -------------------------------------------------------------

DRIVER int cuGraphCreate(Graph** place, unsigned flags) {
    BEGIN
    return flags ? INVALID_VALUE : made(place, new Graph);
}
DRIVER int cuGraphAddKernelNode_v2(
        Node** place, Graph* graph, Node** before, size_t count, const NodeParameters* parameters) {
    BEGIN
    bool chained = graph->nodes.empty() ? count == 0 : count == 1 && *before == graph->nodes.back();
    if (!chained) {
        return INVALID_VALUE;
    }
    auto node = new Node{graph, graph->nodes.size(), {}};
    graph->nodes.push_back(node);
    return *place = node, described(&node->run, *parameters);
}
DRIVER int cuGraphInstantiateWithFlags(Runnable** place, Graph* graph, unsigned long long flags) {
    BEGIN
    if (flags) {
        return INVALID_VALUE;
    }
    auto runnable = new Runnable{graph, {}};
    for (Node* node : graph->nodes) {
        runnable->runs.push_back(node->run);
    }
    return made(place, runnable);
}
DRIVER int cuGraphUpload(Runnable*, Stream* stream) {
    BEGIN
    return stream == the_stream ? SUCCESS : INVALID_VALUE;
}
// Launches that were enqueued before keep what they had; a node keeps its function.
DRIVER int cuGraphExecKernelNodeSetParams_v2(Runnable* runnable, Node* node, const NodeParameters* parameters) {
    BEGIN
    bool own = node->graph == runnable->graph && parameters->function == runnable->runs[node->index].function;
    return own ? described(&runnable->runs[node->index], *parameters) : INVALID_VALUE;
}
DRIVER int cuGraphLaunch(Runnable* runnable, Stream* stream) {
    BEGIN
    std::vector<Run> runs = runnable->runs;
    enqueue(stream, [=] {
        for (const Run& run : runs) {
            if (!broken) {
                launch(run);
            }
        }
    });
    return SUCCESS;
}
DRIVER int cuGraphExecDestroy(Runnable* runnable) { return destroyed(runnable); }
DRIVER int cuGraphDestroy(Graph* graph) {
    for (Node* node : graph->nodes) {
        delete node;
    }
    return destroyed(graph);
}
