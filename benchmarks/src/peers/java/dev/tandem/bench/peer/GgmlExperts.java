package dev.tandem.bench.peer;

import java.lang.foreign.MemorySegment;

/// A layer of experts behind its gate's logits, by the operators that llama.cpp's models have it of.
///
/// Experts of llama.cpp's models at that version have no biases, and its ggml adds none by expert: here a row of biases
/// is gathered for each choice. Those few per cent are no work of ggml's users.
///
/// @param up `[E, F, C]`
/// @param upBias `[E, F]`
/// @param down `[E, C, F]`
/// @param downBias `[E, C]`
/// @param C channels
/// @param F feed-forward width
/// @param E experts
/// @param K experts per token
record GgmlExperts(
        MemorySegment up,
        MemorySegment upBias,
        MemorySegment down,
        MemorySegment downBias,
        long C,
        long F,
        long E,
        int K) {
    /// @param y `[N, C]`
    /// @param chosen `[N, K]`
    record Result(MemorySegment y, MemorySegment chosen) {}

    /// @param x `[N, C]`
    /// @param logits `[N, E]`
    Result forward(GgmlGraph graph, MemorySegment x, MemorySegment logits, long N) {
        MemorySegment probabilities = graph.node("soft_max", logits);
        MemorySegment chosen = graph.node("cont", graph.node("top_k", probabilities, K));
        MemorySegment rows = graph.node("reshape_1d", chosen, K * N);
        MemorySegment weights = weights(graph, probabilities, chosen, N);
        MemorySegment hidden = graph.node("mul_mat_id", up, graph.node("reshape_3d", x, C, 1L, N), chosen);
        hidden = graph.node("add", hidden, biases(graph, upBias, rows, F, N));
        MemorySegment ys = graph.node("mul_mat_id", down, graph.node("gelu", hidden), chosen);
        ys = graph.node("add", ys, biases(graph, downBias, rows, C, N));
        return new Result(sum(graph, graph.node("mul", ys, weights), N), chosen);
    }

    /// `[N, K, 1]`, of sum 1.
    private MemorySegment weights(GgmlGraph graph, MemorySegment probabilities, MemorySegment chosen, long N) {
        MemorySegment columns = graph.node("reshape_3d", probabilities, 1L, E, N);
        MemorySegment picked = graph.node("reshape_2d", graph.node("get_rows", columns, chosen), (long) K, N);
        MemorySegment weights = graph.node("div", picked, graph.node("sum_rows", picked));
        return graph.node("reshape_3d", weights, 1L, (long) K, N);
    }

    /// `[N, K, width]`
    private MemorySegment biases(GgmlGraph graph, MemorySegment bias, MemorySegment rows, long width, long N) {
        return graph.node("reshape_3d", graph.node("get_rows", bias, rows), width, (long) K, N);
    }

    /// Over each token's experts.
    private MemorySegment sum(GgmlGraph graph, MemorySegment ys, long N) {
        long row = C * Float.BYTES;
        MemorySegment sum = graph.node("view_2d", ys, C, N, K * row, 0L);
        for (int k = 1; k < K; k++) {
            sum = graph.node("add", sum, graph.node("view_2d", ys, C, N, K * row, k * row));
        }
        return sum;
    }
}
