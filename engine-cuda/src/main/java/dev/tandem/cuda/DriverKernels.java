package dev.tandem.cuda;

import dev.tandem.engine.EngineException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.cuda.cudart.CUDA_KERNEL_NODE_PARAMS_v2;
import org.bytedeco.cuda.cudart.CUfunc_st;
import org.bytedeco.cuda.cudart.CUmod_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;

/// The kernels of a context, in modules that are loaded when the first of their kernels is asked for.
/// Launching allocates nothing, alone or as a graph.
final class DriverKernels implements AutoCloseable {
    private static final int SHARED_WITHOUT_ASKING = 48 * 1024;

    private final DriverWork driver;
    private final DriverCalls calls;
    private final CudaModules modules;
    private final CUstream_st stream;
    private final Map<String, CUmod_st> loaded = new HashMap<>();
    private final Arena arena = Arena.ofShared();
    // what cuLaunchKernel reads: an array of one pointer, to the structure of arguments
    private final MemorySegment parameters = arena.allocate(ValueLayout.ADDRESS);
    private final PointerPointer<Pointer> parametersPointer =
            new PointerPointer<>(new NativeAddress(parameters.address()));
    private final MemorySegment nodeArguments = arena.allocate(CudaQueue.LARGEST_ARGUMENTS, Long.BYTES);
    private final PointerPointer<Pointer> noExtra = new PointerPointer<>((Pointer) null);

    DriverKernels(DriverWork driver, DriverCalls calls, CudaModules modules, CUstream_st stream) {
        this.driver = driver;
        this.calls = calls;
        this.modules = modules;
        this.stream = stream;
    }

    /// Finds a kernel, see [Accelerator#entry].
    Accelerator.Entry entry(String source, String kernel, ArgumentLayout<?> layout) {
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
    final class DriverEntry implements Accelerator.Entry {
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
                int attribute = cudart.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
                calls.check("cuFuncSetAttribute", cudart.cuFuncSetAttribute(function, attribute, bytes), kernel);
                sharedBytes = bytes;
            }
        }

        /// Describes a run as a node of a graph. The driver must have read it before the next call of anything
        /// here.
        void describe(CUDA_KERNEL_NODE_PARAMS_v2 node, Grid grid, MemorySegment arguments) {
            driver.enter(kernel);
            allowShared(grid.sharedBytes());
            HostBytes.copy(arguments, 0, nodeArguments, 0, arguments.byteSize());
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
            driver.enter(kernel);
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
            driver.enqueued(kernel);
        }
    }

    /// Nothing is checked: after a failure every call fails, and the context takes the modules along.
    @Override
    public void close() {
        loaded.values().forEach(cudart::cuModuleUnload);
        arena.close();
    }
}
