package dev.tandem.bench.peer;

import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;

/// ggml, llama.cpp's library of tensors, by its C interface: a backend for the processor, and [GgmlFunctions] by name.
///
/// Structures stay opaque but for the one that a context is opened with.
final class Ggml {
    /// Of its GELU, a table of values in F16 at arguments in F16; this version has no other. A hidden value is off
    /// by up to twice this, a sum of many by less. Composed of other operators GELU agrees to 2e-6, and the layer
    /// takes 1.5 times as long: that is not what ggml's users run.
    static final double GELU_ROUNDING = 0x1p-11;

    private static final long MEM_SIZE = offset("mem_size");
    private static final long NO_ALLOC = offset("no_alloc");

    private final GgmlLibrary library;
    private final GgmlFunctions functions;
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
        this.functions = new GgmlFunctions(library);
        this.processor = pointer("ggml_backend_cpu_init");
        call("ggml_backend_cpu_set_n_threads", processor, setting.threads());
    }

    private static long offset(String field) {
        return GgmlFunctions.INIT_PARAMS.byteOffset(PathElement.groupElement(field));
    }

    /// Of llama.cpp, its jar, the widest vectors that the library was built with, and its compiler.
    String version() {
        String vectors = (int) functions.call("ggml_cpu_has_avx512") != 0 ? "AVX-512" : "AVX2";
        return "%s, %s, built by %s".formatted(library.version(), vectors, GgmlLibrary.COMPILER);
    }

    /// Room for the descriptions of tensors; their values lie elsewhere.
    MemorySegment context(long bytes) {
        try (var arena = Arena.ofConfined()) {
            MemorySegment params = arena.allocate(GgmlFunctions.INIT_PARAMS);
            params.set(JAVA_LONG, MEM_SIZE, bytes);
            params.set(JAVA_BOOLEAN, NO_ALLOC, true);
            return pointer("ggml_init", params);
        }
    }

    /// Computes a graph whose tensors have memory.
    void compute(MemorySegment graph) {
        perform("ggml_backend_graph_compute", processor, graph);
    }

    /// The values of a tensor.
    @SuppressWarnings("restricted") // calling C is the point; config/jvm.args allows it
    MemorySegment data(MemorySegment tensor) {
        return pointer("ggml_get_data", tensor).reinterpret(number("ggml_nbytes", tensor));
    }

    void call(String function, Object... arguments) {
        functions.call(function, arguments);
    }

    MemorySegment pointer(String function, Object... arguments) {
        return (MemorySegment) functions.call(function, arguments);
    }

    long number(String function, Object... arguments) {
        return (long) functions.call(function, arguments);
    }

    /// @throws IllegalStateException if the function's status is another than success
    void perform(String function, Object... arguments) {
        int status = (int) functions.call(function, arguments);
        if (status != 0) {
            throw new IllegalStateException("%s failed with status %d".formatted(function, status));
        }
    }

    /// @throws IllegalStateException if the function says no
    void demand(String function, Object... arguments) {
        if (!(boolean) functions.call(function, arguments)) {
            throw new IllegalStateException(function + " failed");
        }
    }
}
