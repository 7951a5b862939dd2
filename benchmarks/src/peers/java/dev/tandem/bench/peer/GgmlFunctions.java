package dev.tandem.bench.peer;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodType;
import java.util.HashMap;
import java.util.Map;

/// The functions of ggml that are called, by name. They are declared here and not by their callers: a C function that
/// is given another type than its own reads what happens to be there.
final class GgmlFunctions {
    /// `ggml_init_params`
    static final StructLayout INIT_PARAMS = MemoryLayout.structLayout(
            JAVA_LONG.withName("mem_size"),
            ADDRESS.withName("mem_buffer"),
            JAVA_BOOLEAN.withName("no_alloc"),
            MemoryLayout.paddingLayout(ADDRESS.byteSize() - JAVA_BOOLEAN.byteSize()));

    // As in ggml.h, ggml-alloc.h, ggml-backend.h and ggml-cpu.h of llama.cpp b4916: (parameters)result, where p is a
    // pointer, l int64_t or size_t, i int or an enumeration, f float, b bool, v void, and s ggml_init_params.
    private static final Map<String, FunctionDescriptor> DECLARED = declared("""
            (s)p         ggml_init
            (piip)p      ggml_new_tensor
            (pp)p        ggml_cont ggml_gelu ggml_soft_max ggml_sum_rows ggml_transpose
            (ppp)p       ggml_add ggml_cpy ggml_div ggml_get_rows ggml_mul ggml_mul_mat
            (pppp)p      ggml_mul_mat_id
            (ppf)p       ggml_norm
            (pppff)p     ggml_soft_max_ext
            (ppi)p       ggml_top_k
            (ppiiii)p    ggml_permute
            (ppl)p       ggml_reshape_1d
            (ppll)p      ggml_cont_2d ggml_reshape_2d
            (pplll)p     ggml_reshape_3d
            (ppllll)p    ggml_view_2d
            (ppllllll)p  ggml_view_3d
            (p)p         ggml_gallocr_new ggml_get_data ggml_new_graph
            ()p          ggml_backend_cpu_buffer_type ggml_backend_cpu_init
            (pl)p        ggml_backend_cpu_buffer_from_ptr
            (p)l         ggml_nbytes
            ()l          ggml_graph_overhead ggml_tensor_overhead
            (ppp)i       ggml_backend_tensor_alloc
            (pp)i        ggml_backend_graph_compute
            ()i          ggml_cpu_has_avx512
            (pp)b        ggml_gallocr_alloc_graph
            (pp)v        ggml_build_forward_expand
            (pi)v        ggml_backend_cpu_set_n_threads
            (p)v         ggml_set_output
            """);

    private final GgmlLibrary library;
    private final Map<String, MethodHandle> handles = new HashMap<>();

    GgmlFunctions(GgmlLibrary library) {
        this.library = library;
    }

    private static Map<String, FunctionDescriptor> declared(String table) {
        var declared = new HashMap<String, FunctionDescriptor>();
        table.lines().forEach(line -> {
            String[] words = line.split(" +", -1);
            for (int i = 1; i < words.length; i++) {
                declared.put(words[i], descriptor(words[0]));
            }
        });
        return Map.copyOf(declared);
    }

    private static FunctionDescriptor descriptor(String signature) {
        int end = signature.indexOf(')');
        MemoryLayout[] parameters = signature
                .substring(1, end)
                .chars()
                .mapToObj(GgmlFunctions::layout)
                .toArray(MemoryLayout[]::new);
        char result = signature.charAt(end + 1);
        return result == 'v'
                ? FunctionDescriptor.ofVoid(parameters)
                : FunctionDescriptor.of(layout(result), parameters);
    }

    private static MemoryLayout layout(int type) {
        return switch (type) {
            case 'p' -> ADDRESS;
            case 'l' -> JAVA_LONG;
            case 'i' -> JAVA_INT;
            case 'f' -> JAVA_FLOAT;
            case 'b' -> JAVA_BOOLEAN;
            case 's' -> INIT_PARAMS;
            default -> throw new IllegalArgumentException("no type is called " + (char) type);
        };
    }

    /// Calls a function; an `int` is widened where it takes a `long`.
    ///
    /// @return what it returns, boxed; nothing if it is `void`
    /// @throws IllegalArgumentException if it takes other arguments, or is not declared
    /// @throws LinkageError if the library has none of that name
    Object call(String name, Object... arguments) {
        MethodHandle handle = handles.computeIfAbsent(name, this::handle);
        try {
            return (Object) handle.invokeExact(arguments);
        } catch (ClassCastException e) {
            // no cause: a report tells the innermost reason, which does not say whose arguments they are
            throw new IllegalArgumentException("%s is %s: %s".formatted(name, DECLARED.get(name), e.getMessage()));
        } catch (Error | RuntimeException e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e); // the handle of a C function declares it and never throws it
        }
    }

    /// A function of an array.
    @SuppressWarnings("restricted") // calling C is the point; config/jvm.args allows it
    private MethodHandle handle(String name) {
        FunctionDescriptor descriptor = DECLARED.get(name);
        if (descriptor == null) {
            throw new IllegalArgumentException(name + " is not declared: add it to the table");
        }
        int parameters = descriptor.argumentLayouts().size();
        return Linker.nativeLinker()
                .downcallHandle(library.symbol(name), descriptor)
                .asType(MethodType.genericMethodType(parameters))
                .asSpreader(Object[].class, parameters);
    }
}
