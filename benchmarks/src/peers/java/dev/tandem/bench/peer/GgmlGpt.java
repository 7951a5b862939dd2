package dev.tandem.bench.peer;

import dev.tandem.engine.kernel.GeluForm;
import dev.tandem.gpt.FeedForward;
import dev.tandem.gpt.GptConfig;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// A model of GPT-2's architecture that continues one text by ggml, as llama.cpp has it: behind the last attention only
/// the last token goes on.
final class GgmlGpt {
    private static final String EMBEDDING = "embed_tokens.weight";

    private final GptConfig config;
    private final GgmlParameters parameters;
    private final List<Block> blocks = new ArrayList<>();

    /// A block, with the caches of its attention.
    private record Block(String name, GgmlAttention attention, Layer feedForward) {}

    /// A feed-forward layer.
    @FunctionalInterface
    private interface Layer {
        /// @param x `[N, C]`
        MemorySegment forward(GgmlGraph graph, MemorySegment x, long N);
    }

    /// @throws IllegalArgumentException if the model has a GELU that this version of ggml lacks
    GgmlGpt(GptConfig config, GgmlTensors tensors, GgmlParameters parameters) {
        if (config.gelu() != GeluForm.TANH) {
            throw new IllegalArgumentException("GELU must be TANH for ggml, was " + config.gelu());
        }
        this.config = config;
        this.parameters = parameters;
        int T = config.T();
        int C = config.C();
        for (int i = 0; i < config.L(); i++) {
            String name = "layers." + i + ".";
            var attention = new GgmlAttention(tensors.zeros(T, C), tensors.zeros(C, T), T, config.H(), config.D());
            blocks.add(new Block(name, attention, feedForward(config.feedForward(i), name)));
        }
    }

    private Layer feedForward(FeedForward kind, String name) {
        return switch (kind) {
            case FeedForward.Dense _ ->
                (graph, x, N) -> {
                    MemorySegment hidden = parameters.linear(graph, x, name + "fc1");
                    return parameters.linear(graph, graph.node("gelu", hidden), name + "fc2");
                };
            case FeedForward.Experts experts -> experts(experts, name + "moe_layer.");
        };
    }

    private Layer experts(FeedForward.Experts kind, String name) {
        MemorySegment gate = parameters.get(name + "gate.wg.weight");
        var experts = new GgmlExperts(
                parameters.get(name + "experts.fc1.weight"),
                parameters.get(name + "experts.fc1.bias"),
                parameters.get(name + "experts.fc2.weight"),
                parameters.get(name + "experts.fc2.bias"),
                config.C(),
                kind.F(),
                kind.E(),
                kind.K());
        return (graph, x, N) ->
                experts.forward(graph, x, graph.node("mul_mat", gate, x), N).y();
    }

    /// Describes how tokens are appended.
    ///
    /// @param ids `[T]`
    /// @param mask `[T, T]` of several tokens that begin a text, or nothing for one
    /// @param length of the text before
    /// @return `[1, V]`, the logits of what follows
    MemorySegment next(GgmlGraph graph, MemorySegment ids, MemorySegment mask, long length, long T) {
        long C = config.C();
        long row = C * Float.BYTES;
        MemorySegment embedding = parameters.get(EMBEDDING);
        MemorySegment positions = parameters.get(GgmlParameters.POSITIONS);
        MemorySegment x = graph.node(
                "add",
                graph.node("get_rows", embedding, ids),
                graph.node("view_2d", positions, C, T, row, length * row));
        for (Block block : blocks) {
            MemorySegment qkv = parameters.linear(
                    graph, norm(graph, x, block.name + "self_attn_layer_norm"), block.name + "self_attn.qkv_proj");
            MemorySegment attended = block.attention.append(graph, qkv, mask, length, T);
            long N = T;
            if (block == blocks.getLast()) {
                attended = graph.node("view_2d", attended, C, 1L, row, (T - 1) * row);
                x = graph.node("view_2d", x, C, 1L, row, (T - 1) * row);
                N = 1;
            }
            x = graph.node("add", parameters.linear(graph, attended, block.name + "self_attn.out_proj"), x);
            MemorySegment normal = norm(graph, x, block.name + "final_layer_norm");
            x = graph.node("add", block.feedForward.forward(graph, normal, N), x);
        }
        MemorySegment logits = graph.node("mul_mat", embedding, norm(graph, x, "layer_norm"));
        graph.result(logits);
        return logits;
    }

    private MemorySegment norm(GgmlGraph graph, MemorySegment x, String name) {
        return parameters.norm(graph, x, name, config.epsilon());
    }
}
