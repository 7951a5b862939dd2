package dev.tandem.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Asks the driver for its GPU, by the foreign-function API: a driver that is absent, or lacks a
/// function, gives an exception here. JavaCPP's bindings would not load, or end the process.
final class DriverProbe {
    private static final String LIBRARY = "libcuda.so.1";
    private static final int OLDEST_DRIVER = 13_000;
    private static final int CUDA_ERROR_NO_DEVICE = 100;
    private static final int CAPABILITY_MAJOR = 75;
    private static final int CAPABILITY_MINOR = 76;
    private static final int NAME_BYTES = 256;
    private static final String NO_GPU =
            "the driver finds no GPU: see what nvidia-smi lists, and whether" + " CUDA_VISIBLE_DEVICES hides it";

    private final SymbolLookup symbols;

    private DriverProbe(SymbolLookup symbols) {
        this.symbols = symbols;
    }

    /// A GPU that the backend can use.
    record Gpu(String name, Architecture architecture) {}

    /// There is none, and why.
    static final class NoGpu extends Exception {
        private static final long serialVersionUID = 1L;

        NoGpu(String reason) {
            super(reason);
        }
    }

    /// Finds the GPU of that number.
    static Gpu find(int device) throws NoGpu {
        return find(LIBRARY, device);
    }

    static Gpu find(String library, int device) throws NoGpu {
        return new DriverProbe(open(library)).gpu(device);
    }

    private static SymbolLookup open(String library) throws NoGpu {
        try {
            return SymbolLookup.libraryLookup(library, Arena.global());
        } catch (IllegalCallerException e) {
            throw new NoGpu("native access is denied to Tandem: start java with --enable-native-access=ALL-UNNAMED, or"
                    + " =dev.tandem.cuda,org.bytedeco.javacpp on the module path");
        } catch (IllegalArgumentException e) {
            throw new NoGpu("NVIDIA's driver is not installed (%s was not found): install version 580 or newer"
                    .formatted(library));
        }
    }

    private Gpu gpu(int device) throws NoGpu {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment number = arena.allocate(ValueLayout.JAVA_INT);
            demand("cuDriverGetVersion", call("cuDriverGetVersion", number));
            int version = number.get(ValueLayout.JAVA_INT, 0);
            if (version < OLDEST_DRIVER) {
                throw new NoGpu("the driver is too old, made for CUDA %d.%d: install version 580 or newer"
                        .formatted(version / 1000, version % 1000 / 10));
            }
            demand("cuInit", call("cuInit", 0));
            demand("cuDeviceGetCount", call("cuDeviceGetCount", number));
            int count = number.get(ValueLayout.JAVA_INT, 0);
            if (count == 0) {
                throw new NoGpu(NO_GPU);
            }
            if (device >= count) {
                throw new NoGpu(
                        "there is no GPU %d, only 0 to %d: set -Dtandem.cuda.device".formatted(device, count - 1));
            }
            return gpu(arena, number, device);
        }
    }

    private Gpu gpu(Arena arena, MemorySegment number, int device) throws NoGpu {
        MemorySegment text = arena.allocate(NAME_BYTES);
        demand("cuDeviceGetName", call("cuDeviceGetName", text, NAME_BYTES, device));
        demand("cuDeviceGetAttribute", call("cuDeviceGetAttribute", number, CAPABILITY_MAJOR, device));
        int major = number.get(ValueLayout.JAVA_INT, 0);
        demand("cuDeviceGetAttribute", call("cuDeviceGetAttribute", number, CAPABILITY_MINOR, device));
        var architecture = new Architecture(major, number.get(ValueLayout.JAVA_INT, 0));
        String name = text.getString(0, StandardCharsets.UTF_8);
        if (architecture.isTooOld()) {
            throw new NoGpu("GPU %d, %s, has compute capability %s: the kernels need %s or newer"
                    .formatted(device, name, architecture, Architecture.OLDEST));
        }
        return new Gpu(name, architecture);
    }

    private static void demand(String call, int code) throws NoGpu {
        if (code == CUDA_ERROR_NO_DEVICE) {
            throw new NoGpu(NO_GPU);
        }
        if (code != 0) {
            throw new NoGpu(("the driver refuses %s with code %d: see whether nvidia-smi works; after an update of the"
                            + " driver, restart the machine")
                    .formatted(call, code));
        }
    }

    private int call(String function, Object... arguments) throws NoGpu {
        MemorySegment address = symbols.find(function).orElse(MemorySegment.NULL);
        if (address.equals(MemorySegment.NULL)) {
            throw new NoGpu(
                    "%s is not a driver (it has no %s): install version 580 or newer".formatted(LIBRARY, function));
        }
        MemoryLayout[] layouts = Arrays.stream(arguments)
                .map(argument -> argument instanceof Integer ? ValueLayout.JAVA_INT : ValueLayout.ADDRESS)
                .toArray(MemoryLayout[]::new);
        MethodHandle handle =
                Linker.nativeLinker().downcallHandle(address, FunctionDescriptor.of(ValueLayout.JAVA_INT, layouts));
        try {
            return (int) handle.invokeWithArguments(arguments);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("a foreign call throws nothing that is checked", e);
        }
    }
}
