package dev.tandem.bench.peer;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodType;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// ggml, llama.cpp's library of tensors, by its C interface: a backend for the processor, and any function by name.
///
/// Structures stay opaque but for the one that a context is opened with.
final class Ggml {
    /// Of its GELU, a table of values in F16 at arguments in F16; this version has no other. A hidden value is
    /// off by up to twice this, a sum of many by less. Composed of other operators GELU agrees to 2e-6, and the
    /// layer takes 1.5 times as long: that is not what ggml's users run.
    static final double GELU_ROUNDING = 0x1p-11;

    // ggml_init_params: bytes, where, and whether tensors are only described
    private static final StructLayout OPENING = MemoryLayout.structLayout(
            JAVA_LONG, ADDRESS, JAVA_BOOLEAN, MemoryLayout.paddingLayout(ADDRESS.byteSize() - JAVA_BOOLEAN.byteSize()));
    private static final long BYTES = 0;
    private static final long DESCRIBED_ONLY = JAVA_LONG.byteSize() + ADDRESS.byteSize();

    private final GgmlLibrary library;
    private final Map<String, MethodHandle> functions = new HashMap<>();
    private final MemorySegment processor;

    /// A question to it.
    ///
    /// @param rounding that the answers need beside that of F32
    static Entrant entrant(double rounding, Entrant.Opening opening) {
        return new Entrant("ggml", List.of(), Map.of(), rounding, opening);
    }

    /// Loads it.
    ///
    /// @throws LinkageError if that cannot be done here
    Ggml(Setting setting) {
        this.library = GgmlLibrary.load();
        this.processor = pointer("ggml_backend_cpu_init");
        call("ggml_backend_cpu_set_n_threads", processor, setting.threads());
    }

    /// Of llama.cpp, its jar, and the widest vectors that the library was built with.
    String version() {
        String vectors = integer("ggml_cpu_has_avx512") != 0 ? "AVX-512" : "AVX2";
        return "%s, %s".formatted(library.version(), vectors);
    }

    /// Room for the descriptions of tensors; their values lie elsewhere.
    @SuppressWarnings("restricted") // calling C is the point; config/jvm.args allows it
    MemorySegment context(long bytes) {
        var descriptor = FunctionDescriptor.of(ADDRESS, OPENING);
        MethodHandle init = Linker.nativeLinker().downcallHandle(library.symbol("ggml_init"), descriptor);
        try (var arena = Arena.ofConfined()) {
            MemorySegment opening = arena.allocate(OPENING);
            opening.set(JAVA_LONG, BYTES, bytes);
            opening.set(JAVA_BOOLEAN, DESCRIBED_ONLY, true);
            return (MemorySegment) init.invokeExact(opening);
        } catch (Error | RuntimeException e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e); // the handle of a C function declares it and never throws it
        }
    }

    /// Computes a graph whose tensors have memory.
    void compute(MemorySegment graph) {
        int status = integer("ggml_backend_graph_compute", processor, graph);
        if (status != 0) {
            throw new IllegalStateException("ggml failed with status " + status);
        }
    }

    /// The values of a tensor.
    @SuppressWarnings("restricted") // as above
    MemorySegment data(MemorySegment tensor) {
        return pointer("ggml_get_data", tensor).reinterpret(number("ggml_nbytes", tensor));
    }

    void call(String function, Object... arguments) {
        invoke(function(function, FunctionDescriptor::ofVoid, arguments), arguments);
    }

    MemorySegment pointer(String function, Object... arguments) {
        return (MemorySegment)
                invoke(function(function, all -> FunctionDescriptor.of(ADDRESS, all), arguments), arguments);
    }

    long number(String function, Object... arguments) {
        return (long) invoke(function(function, all -> FunctionDescriptor.of(JAVA_LONG, all), arguments), arguments);
    }

    int integer(String function, Object... arguments) {
        return (int) invoke(function(function, all -> FunctionDescriptor.of(JAVA_INT, all), arguments), arguments);
    }

    /// @throws IllegalStateException if the function says no
    void demand(String function, Object... arguments) {
        MethodHandle checked = function(function, all -> FunctionDescriptor.of(JAVA_BOOLEAN, all), arguments);
        if (!(boolean) invoke(checked, arguments)) {
            throw new IllegalStateException(function + " failed");
        }
    }

    private static Object invoke(MethodHandle function, Object... arguments) {
        try {
            return (Object) function.invokeExact(arguments);
        } catch (Error | RuntimeException e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e); // as above
        }
    }

    /// A function of an array: the kinds of its parameters are those of what it is called with first.
    @SuppressWarnings("restricted") // as above
    private MethodHandle function(
            String name, Function<MemoryLayout[], FunctionDescriptor> described, Object... arguments) {
        return functions.computeIfAbsent(name, _ -> {
            MemoryLayout[] parameters =
                    Arrays.stream(arguments).map(Ggml::layout).toArray(MemoryLayout[]::new);
            return Linker.nativeLinker()
                    .downcallHandle(library.symbol(name), described.apply(parameters))
                    .asType(MethodType.genericMethodType(arguments.length))
                    .asSpreader(Object[].class, arguments.length);
        });
    }

    private static MemoryLayout layout(Object argument) {
        return switch (argument) {
            case MemorySegment _ -> ADDRESS;
            case Long _ -> JAVA_LONG;
            case Integer _ -> JAVA_INT;
            case Float _ -> JAVA_FLOAT;
            default -> throw new IllegalArgumentException("no parameter of ggml takes " + argument);
        };
    }
}
