package dev.tandem.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Supplier;

/// The versions of what the backend depends on, and where it lies. Asked by the foreign-function
/// API, function by function, so that it works without a GPU, without a driver, and with libraries
/// of any version.
final class CudaRequirements {
    private static final String BINDINGS = "META-INF/maven/org.bytedeco/cuda/pom.properties";
    private static final Path KERNEL_MODULE = Path.of("/proc/driver/nvidia/version");
    private static final Path MAPPED_FILES = Path.of("/proc/self/maps");
    private static final String NOT_FOUND = "not found";

    private static final String SLOWER = "%s; large products run on Tandem's own kernels, slower: %s";

    private final CudaLibraries libraries;
    private final Supplier<Optional<String>> cublasFailure;

    /// @param cublasFailure why cuBLAS cannot be used, once its libraries were found
    CudaRequirements(CudaLibraries libraries, Supplier<Optional<String>> cublasFailure) {
        this.libraries = libraries;
        this.cublasFailure = cublasFailure;
    }

    /// How a library tells its version.
    private enum Version {
        /// `int f(int* version)`, 13010 for 13.1
        BY_POINTER,
        /// `int f(int* major, int* minor)`
        BY_TWO_POINTERS,
        /// `size_t f(void)`, 130200 for 13.2.0
        BY_RESULT,
        /// not asked
        NONE
    }

    /// What was found, by name.
    Map<String, String> found() {
        Map<String, String> found = new LinkedHashMap<>();
        found.put(
                "bindings",
                bindings().map(version -> "org.bytedeco:cuda " + version).orElse(NOT_FOUND));
        found.put("driver", driver());
        found.put("CUDA runtime", library("libcudart.so.13", "cudaRuntimeGetVersion", Version.BY_POINTER));
        found.put("NVRTC", library("libnvrtc.so.13", "nvrtcVersion", Version.BY_TWO_POINTERS));
        found.put("cuBLAS", cublas());
        return found;
    }

    /// The bindings need both of its libraries. Without them the backend works, slower.
    private String cublas() {
        String products = library("libcublasLt.so.13", "cublasLtGetVersion", Version.BY_RESULT);
        boolean whole = !products.equals(NOT_FOUND)
                && !library("libcublas.so.13", "cublasGetProperty", Version.NONE)
                        .equals(NOT_FOUND);
        if (whole) {
            return cublasFailure
                    .get()
                    .map(reason -> SLOWER.formatted(products, reason))
                    .orElse(products);
        }
        return SLOWER.formatted(
                products.equals(NOT_FOUND) ? NOT_FOUND : products + ", without libcublas.so.13",
                ("install libcublasLt.so.13 and libcublas.so.13 of CUDA 13, or name their folder by"
                                + " -Dtandem.cuda.libraries; looked in %s")
                        .formatted(libraries));
    }

    private static Optional<String> bindings() {
        try (InputStream stream = CudaRequirements.class.getClassLoader().getResourceAsStream(BINDINGS)) {
            if (stream == null) {
                return Optional.empty();
            }
            var properties = new Properties();
            properties.load(stream);
            return Optional.ofNullable(properties.getProperty("version"));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private String driver() {
        String cuda = library("libcuda.so.1", "cuDriverGetVersion", Version.BY_POINTER);
        return SystemFile.read(KERNEL_MODULE)
                .driver()
                .map(version -> "%s for CUDA %s".formatted(version, cuda))
                .orElse(cuda);
    }

    /// Version and place of a library, from the known folders, else as the system's linker finds
    /// it.
    private String library(String name, String function, Version version) {
        Optional<Path> known = libraries.find(name);
        try {
            SymbolLookup symbols = known.isPresent()
                    ? SymbolLookup.libraryLookup(known.get(), Arena.global())
                    : SymbolLookup.libraryLookup(name, Arena.global());
            String number = symbols.find(function)
                    .map(address -> version(address, version))
                    .orElse("of unknown version, without " + function);
            return known.map(Path::toString)
                    .or(() -> SystemFile.read(MAPPED_FILES).library(name))
                    .map(file -> number + ", " + file)
                    .orElse(number);
        } catch (IllegalCallerException e) {
            return "unknown: native access is denied";
        } catch (IllegalArgumentException e) {
            return known.map(file -> "does not load: " + file).orElse(NOT_FOUND);
        }
    }

    private static String version(MemorySegment function, Version version) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment first = arena.allocate(ValueLayout.JAVA_INT);
            MemorySegment second = arena.allocate(ValueLayout.JAVA_INT);
            return switch (version) {
                case BY_POINTER -> {
                    call(function, FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS), first);
                    int number = first.get(ValueLayout.JAVA_INT, 0);
                    yield "%d.%d".formatted(number / 1000, number % 1000 / 10);
                }
                case BY_TWO_POINTERS -> {
                    call(
                            function,
                            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS),
                            first,
                            second);
                    yield "%d.%d".formatted(first.get(ValueLayout.JAVA_INT, 0), second.get(ValueLayout.JAVA_INT, 0));
                }
                case NONE -> "";
                case BY_RESULT -> {
                    long number = (long) call(function, FunctionDescriptor.of(ValueLayout.JAVA_LONG));
                    yield "%d.%d.%d".formatted(number / 10_000, number % 10_000 / 100, number % 100);
                }
            };
        }
    }

    private static Object call(MemorySegment function, FunctionDescriptor type, Object... arguments) {
        try {
            return Linker.nativeLinker().downcallHandle(function, type).invokeWithArguments(arguments);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("a foreign call throws nothing that is checked", e);
        }
    }
}
