package dev.tandem.cuda;

import dev.tandem.engine.Device;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.OptionalLong;
import org.bytedeco.cuda.cudart.CUctx_st;
import org.bytedeco.cuda.cudart.CUmemPoolHandle_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.SizeTPointer;

/// A GPU through JavaCPP's bindings of the driver: one context, one stream, memory from the device's
/// pool in stream order.
final class CudaDriver implements Accelerator, DriverWork {
    private static final System.Logger LOG = System.getLogger("dev.tandem.cuda");

    private final Settings settings;
    private final DriverProbe.Gpu gpu;
    private final DriverCalls calls = new DriverCalls();
    private final CUctx_st context = new CUctx_st();
    private final CUstream_st stream = new CUstream_st();
    private final CUmemPoolHandle_st pool = new CUmemPoolHandle_st();
    private final DriverKernels kernels;
    private final PinnedStaging staging;
    private final DriverGraphs graphs;
    private final Optional<CublasLt> cublasLt;
    private final long[] address = new long[1];
    private final int[] device = new int[1];
    private Thread owner = Thread.currentThread();

    private CudaDriver(Settings settings, DriverProbe.Gpu gpu) {
        this.settings = settings;
        this.gpu = gpu;
        var modules = new CudaModules(gpu.architecture(), Nvrtc.find(), settings.cache());
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
        } catch (RuntimeException e) {
            cudart.cuDevicePrimaryCtxRelease(device[0]); // what was made in the context goes with it
            throw e;
        }
        kernels = new DriverKernels(this, calls, modules, stream);
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
        return kernels.entry(source, kernel, layout);
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
    public boolean isDead() {
        return calls.isDead();
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
        kernels.close();
        cudart.cuStreamDestroy(stream);
        cudart.cuMemPoolTrimTo(pool, 0);
        cudart.cuDevicePrimaryCtxRelease(device[0]);
    }
}
