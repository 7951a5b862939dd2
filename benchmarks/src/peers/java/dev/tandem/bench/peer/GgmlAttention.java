package dev.tandem.bench.peer;

import java.lang.foreign.MemorySegment;

/// Causal attention over a text's cache by ggml, by the operators that llama.cpp's models have it of: two products of
/// matrices and the softmax between them. Values lie transposed in their cache, as the second product reads them. This
/// version's fused attention takes no keys in F32.
///
/// @param keys `[positions, C]`
/// @param values `[C, positions]`
/// @param positions that fit
/// @param H heads
/// @param D channels of a head
record GgmlAttention(MemorySegment keys, MemorySegment values, long positions, long H, long D) {
    /// `[T, C]`, in front of the output projection.
    ///
    /// @param qkv `[T, 3C]`
    /// @param mask `[T, T]` of several tokens that begin a text, or nothing for one
    MemorySegment append(GgmlGraph graph, MemorySegment qkv, MemorySegment mask, long length, long T) {
        long C = H * D;
        long row = C * Float.BYTES;
        long column = positions * Float.BYTES;
        MemorySegment newKeys = graph.node("view_2d", qkv, C, T, 3 * row, row);
        graph.include(graph.node("cpy", newKeys, graph.node("view_2d", keys, C, T, row, length * row)));
        MemorySegment newValues = graph.node("transpose", graph.node("view_2d", qkv, C, T, 3 * row, 2 * row));
        graph.include(graph.node("cpy", newValues, graph.node("view_2d", values, T, C, column, length * Float.BYTES)));
        long all = length + T;
        long head = D * Float.BYTES;
        MemorySegment q = heads(graph, graph.node("view_3d", qkv, D, H, T, head, 3 * row, 0L));
        MemorySegment k = graph.node("view_3d", keys, D, all, H, row, head, 0L);
        MemorySegment v = graph.node("view_3d", values, all, D, H, column, D * column, 0L);
        float scale = (float) (1 / Math.sqrt((double) D));
        MemorySegment weights = graph.node("soft_max_ext", graph.node("mul_mat", k, q), mask, scale, 0f);
        MemorySegment y = graph.node("permute", graph.node("mul_mat", v, weights), 0, 2, 1, 3);
        return graph.node("cont_2d", y, C, T);
    }

    /// `[H, T, D]` without gaps, which ggml's faster product asks of its right operand.
    private static MemorySegment heads(GgmlGraph graph, MemorySegment rows) {
        return graph.node("cont", graph.node("permute", rows, 0, 2, 1, 3));
    }
}
