package dev.tandem.cuda;

import dev.tandem.engine.Device;
import dev.tandem.engine.DeviceException;
import dev.tandem.engine.EngineException;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.bytedeco.cuda.cudart.CUDA_KERNEL_NODE_PARAMS_v2;
import org.bytedeco.cuda.cudart.CUctx_st;
import org.bytedeco.cuda.cudart.CUfunc_st;
import org.bytedeco.cuda.cudart.CUmemPoolHandle_st;
import org.bytedeco.cuda.cudart.CUmod_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;

/// A GPU through JavaCPP's bindings of the driver: one context, one stream, memory from the device's
/// pool in stream order. Launching allocates nothing, alone or as a graph.
final class CudaDriver implements Accelerator, DriverWork {
    private static final System.Logger LOG = System.getLogger("dev.tandem.cuda");
    private static final int SHARED_WITHOUT_ASKING = 48 * 1024;

    private final Settings settings;
    private final DriverProbe.Gpu gpu;
    private final CudaModules modules;
    private final DriverCalls calls = new DriverCalls();
    private final CUctx_st context = new CUctx_st();
    private final CUstream_st stream = new CUstream_st();
    private final CUmemPoolHandle_st pool = new CUmemPoolHandle_st();
    private final Map<String, CUmod_st> loaded = new HashMap<>();
    private final PinnedStaging staging;
    private final DriverGraphs graphs;
    private final Optional<CublasLt> cublasLt;
    private final Arena arena = Arena.ofShared();
    // what cuLaunchKernel reads: an array of one pointer, to the structure of arguments
    private final MemorySegment parameters = arena.allocate(ValueLayout.ADDRESS);
    private final PointerPointer<Pointer> parametersPointer =
            new PointerPointer<>(new NativeAddress(parameters.address()));
    private final MemorySegment nodeArguments = arena.allocate(CudaQueue.LARGEST_ARGUMENTS, Long.BYTES);
    private final PointerPointer<Pointer> noExtra = new PointerPointer<>((Pointer) null);
    private final long[] address = new long[1];
    private final int[] device = new int[1];
    private Thread owner = Thread.currentThread();

    private CudaDriver(Settings settings, DriverProbe.Gpu gpu) {
        this.settings = settings;
        this.gpu = gpu;
        modules = new CudaModules(gpu.architecture(), Nvrtc.find(), settings.cache());
        calls.check("cuInit", cudart.cuInit(0));
        calls.check("cuDeviceGet", cudart.cuDeviceGet(device, settings.device()));
        calls.check("cuDevicePrimaryCtxRetain", cudart.cuDevicePrimaryCtxRetain(context, device[0]));
        try {
            calls.check("cuCtxSetCurrent", cudart.cuCtxSetCurrent(context));
            calls.check("cuStreamCreate", cudart.cuStreamCreate(stream, cudart.CU_STREAM_NON_BLOCKING));
            calls.check("cuDeviceGetDefaultMemPool", cudart.cuDeviceGetDefaultMemPool(pool, device[0]));
            keepFreedMemory();
            staging = new PinnedStaging(calls, stream);
            cublasLt = cublasLt();
        } catch (DeviceException e) {
            cudart.cuDevicePrimaryCtxRelease(device[0]); // what was made in the context goes with it
            arena.close();
            throw e;
        }
        graphs = new DriverGraphs(this, calls, stream);
    }

    private Optional<CublasLt> cublasLt() {
        if (!settings.cublas()) {
            return Optional.empty();
        }
        Optional<String> failure = CublasLt.failure();
        if (failure.isPresent()) {
            LOG.log(Level.WARNING, "large products run on our own kernels: {0}", failure.get());
            return Optional.empty();
        }
        return Optional.of(new CublasLt(this, stream, gpuDescription()));
    }

    /// Opens the GPU that the probe found.
    static Device open(Settings settings, DriverProbe.Gpu gpu) {
        var driver = new CudaDriver(settings, gpu);
        try {
            return new CudaDevice(driver, MemorySteps.GPU);
        } catch (RuntimeException e) {
            driver.close();
            throw e;
        }
    }

    /// Otherwise every synchronization would give freed memory back to the system.
    private void keepFreedMemory() {
        try (var forever = new LongPointer(1)) {
            forever.put(-1L);
            calls.check(
                    "cuMemPoolSetAttribute",
                    cudart.cuMemPoolSetAttribute(pool, cudart.CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, forever));
        }
    }

    @Override
    public void enter(String call) {
        calls.alive(call);
        Thread thread = Thread.currentThread();
        if (thread != owner) {
            calls.check("cuCtxSetCurrent", cudart.cuCtxSetCurrent(context));
            owner = thread;
        }
    }

    @Override
    public String description() {
        return "%s, %s"
                .formatted(gpuDescription(), cublasLt.map(CublasLt::description).orElse("products of its own"));
    }

    private String gpuDescription() {
        return "%s, compute capability %s".formatted(gpu.name(), gpu.architecture());
    }

    @Override
    public Entry entry(String source, String kernel, ArgumentLayout<?> layout) {
        enter("entry");
        CUmod_st module = loaded.computeIfAbsent(source, this::load);
        var function = new CUfunc_st();
        calls.check("cuModuleGetFunction", cudart.cuModuleGetFunction(function, module, kernel), kernel);
        demandSize(function, kernel, layout);
        return new DriverEntry(kernel, function);
    }

    private CUmod_st load(String source) {
        byte[] image = modules.image(source);
        var module = new CUmod_st();
        try (var bytes = new BytePointer(image)) {
            calls.check("cuModuleLoadData", cudart.cuModuleLoadData(module, bytes), source);
        }
        return module;
    }

    private void demandSize(CUfunc_st function, String kernel, ArgumentLayout<?> layout) {
        try (var offset = new SizeTPointer(1);
                var size = new SizeTPointer(1)) {
            calls.check("cuFuncGetParamInfo", cudart.cuFuncGetParamInfo(function, 0, offset, size), kernel);
            if (size.get() != layout.bytes()) {
                throw new EngineException("%s takes %d bytes of arguments, but %s has %d: rebuild engine-cuda"
                        .formatted(kernel, size.get(), layout, layout.bytes()));
            }
        }
    }

    /// A function of a loaded module.
    final class DriverEntry implements Entry {
        private final String kernel;
        private final CUfunc_st function;
        private int sharedBytes = SHARED_WITHOUT_ASKING;

        DriverEntry(String kernel, CUfunc_st function) {
            this.kernel = kernel;
            this.function = function;
        }

        String kernel() {
            return kernel;
        }

        private void allowShared(int bytes) {
            if (bytes > sharedBytes) {
                sharedBytes = bytes;
                int attribute = cudart.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
                calls.check("cuFuncSetAttribute", cudart.cuFuncSetAttribute(function, attribute, sharedBytes), kernel);
            }
        }

        /// Describes a run as a node of a graph. The driver must have read it before the next call of anything
        /// here.
        void describe(CUDA_KERNEL_NODE_PARAMS_v2 node, Grid grid, MemorySegment arguments) {
            enter(kernel);
            allowShared(grid.sharedBytes());
            nodeArguments.copyFrom(arguments);
            parameters.set(ValueLayout.ADDRESS, 0, nodeArguments);
            node.func(function)
                    .gridDimX(grid.x())
                    .gridDimY(grid.y())
                    .gridDimZ(grid.z())
                    .blockDimX(grid.threadsX())
                    .blockDimY(grid.threadsY())
                    .blockDimZ(grid.threadsZ())
                    .sharedMemBytes(grid.sharedBytes())
                    .kernelParams(parametersPointer)
                    .extra(noExtra);
        }

        @Override
        public void launch(Grid grid, MemorySegment arguments) {
            enter(kernel);
            allowShared(grid.sharedBytes());
            parameters.set(ValueLayout.ADDRESS, 0, arguments);
            int code = cudart.cuLaunchKernel(
                    function,
                    grid.x(),
                    grid.y(),
                    grid.z(),
                    grid.threadsX(),
                    grid.threadsY(),
                    grid.threadsZ(),
                    grid.sharedBytes(),
                    stream,
                    parametersPointer,
                    noExtra);
            calls.check("cuLaunchKernel", code, kernel);
            enqueued(kernel);
        }
    }

    @Override
    public Optional<Graphs> graphs() {
        return settings.debug() ? Optional.empty() : Optional.of(graphs);
    }

    @Override
    public void enqueued(String name) {
        calls.enqueued(name);
        if (settings.debug()) {
            synchronize();
        }
    }

    @Override
    public void check(String call, int code) {
        calls.check(call, code);
    }

    @Override
    public Optional<MatmulSetup> matmuls() {
        return cublasLt.map(library -> new MatmulSetup(library, settings.tune(), settings.cache()));
    }

    @Override
    public OptionalLong allocate(long bytes) {
        enter("allocate");
        int code = cudart.cuMemAllocAsync(address, bytes, stream);
        if (code == cudart.CUDA_ERROR_OUT_OF_MEMORY) {
            // what the pool keeps may be in pieces, each too small
            synchronize();
            calls.check("cuMemPoolTrimTo", cudart.cuMemPoolTrimTo(pool, 0));
            code = cudart.cuMemAllocAsync(address, bytes, stream);
        }
        if (code == cudart.CUDA_ERROR_OUT_OF_MEMORY) {
            return OptionalLong.empty();
        }
        calls.check("cuMemAllocAsync", code);
        return OptionalLong.of(address[0]);
    }

    @Override
    public void free(long allocation) {
        if (!calls.isDead()) {
            enter("free");
            calls.check("cuMemFreeAsync", cudart.cuMemFreeAsync(allocation, stream));
        }
    }

    @Override
    public void clear(long target, long bytes) {
        enter("clear");
        calls.check("cuMemsetD8Async", cudart.cuMemsetD8Async(target, (byte) 0, bytes, stream));
    }

    @Override
    public void upload(long target, MemorySegment source) {
        enter("upload");
        staging.upload(target, source);
    }

    @Override
    public void download(MemorySegment target, long source) {
        enter("download");
        staging.download(target, source);
        calls.done();
    }

    @Override
    public void synchronize() {
        enter("synchronize");
        calls.check("cuStreamSynchronize", cudart.cuStreamSynchronize(stream));
        calls.done();
    }

    @Override
    public long freeBytes() {
        enter("freeBytes");
        try (var free = new SizeTPointer(1);
                var total = new SizeTPointer(1)) {
            calls.check("cuMemGetInfo", cudart.cuMemGetInfo(free, total));
            return free.get()
                    + poolBytes(cudart.CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT)
                    - poolBytes(cudart.CU_MEMPOOL_ATTR_USED_MEM_CURRENT);
        }
    }

    private long poolBytes(int attribute) {
        try (var bytes = new LongPointer(1)) {
            calls.check("cuMemPoolGetAttribute", cudart.cuMemPoolGetAttribute(pool, attribute, bytes));
            return bytes.get();
        }
    }

    /// Nothing is checked: after a failure every call here fails too, and the context goes anyway.
    @Override
    public void close() {
        cudart.cuCtxSetCurrent(context);
        cudart.cuStreamSynchronize(stream);
        staging.close();
        graphs.close();
        cublasLt.ifPresent(CublasLt::close);
        loaded.values().forEach(cudart::cuModuleUnload);
        cudart.cuStreamDestroy(stream);
        cudart.cuMemPoolTrimTo(pool, 0);
        cudart.cuDevicePrimaryCtxRelease(device[0]);
        arena.close();
    }
}
