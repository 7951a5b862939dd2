package dev.tandem.bench.peer;

import java.lang.foreign.MemorySegment;

/// A calculation of ggml as llama.cpp runs its own: nodes are described, then all get memory, that of results which
/// nothing needs any more once again.
///
/// A node is made by `ggml_` and the operator's name, which [GgmlFunctions] declares. Extents are in ggml's order, the
/// fastest first.
final class GgmlGraph {
    private static final long MOST_TENSORS = 2048; // of a graph of ggml's usual size

    private final Ggml ggml;
    private final MemorySegment context;
    private final MemorySegment graph;

    GgmlGraph(Ggml ggml) {
        this.ggml = ggml;
        this.context =
                ggml.context(MOST_TENSORS * ggml.number("ggml_tensor_overhead") + ggml.number("ggml_graph_overhead"));
        this.graph = ggml.pointer("ggml_new_graph", context);
    }

    /// Describes a node.
    MemorySegment node(String operator, Object... arguments) {
        var all = new Object[arguments.length + 1];
        all[0] = context;
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        return ggml.pointer("ggml_" + operator, all);
    }

    /// Has a node computed behind those that were included before, and all that it needs.
    void include(MemorySegment node) {
        ggml.call("ggml_build_forward_expand", graph, node);
    }

    /// The same for a node that is read afterwards: its memory is not used again.
    void result(MemorySegment node) {
        ggml.call("ggml_set_output", node);
        include(node);
    }

    /// Gives memory to all nodes.
    void place() {
        MemorySegment allocator = ggml.pointer("ggml_gallocr_new", ggml.pointer("ggml_backend_cpu_buffer_type"));
        ggml.demand("ggml_gallocr_alloc_graph", allocator, graph);
    }

    void run() {
        ggml.compute(graph);
    }
}
