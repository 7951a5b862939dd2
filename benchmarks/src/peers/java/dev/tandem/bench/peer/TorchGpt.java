package dev.tandem.bench.peer;

import dev.tandem.gpt.FeedForward;
import dev.tandem.gpt.GptConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// A model of GPT-2's architecture that continues one text by libtorch. Keys and values are written
/// into caches of the longest text's size, which the fused attention reads in place.
final class TorchGpt {
    private static final String EMBEDDING = "embed_tokens.weight";

    private final GptConfig config;
    private final TorchParameters parameters;
    private final List<Block> blocks = new ArrayList<>();
    private long length;

    /// A block with its caches, `[1, H, T, D]` each.
    private record Block(String name, Tensor keys, Tensor values, UnaryOperator<Tensor> feedForward) {}

    TorchGpt(GptConfig config, TorchParameters parameters) {
        this.config = config;
        this.parameters = parameters;
        for (int i = 0; i < config.L(); i++) {
            String name = "layers." + i + ".";
            blocks.add(new Block(name, cache(), cache(), feedForward(config.feedForward(i), name)));
        }
    }

    private Tensor cache() {
        return torch.zeros(1, config.H(), config.T(), config.D());
    }

    private UnaryOperator<Tensor> feedForward(FeedForward kind, String name) {
        return switch (kind) {
            case FeedForward.Dense _ ->
                x -> parameters.linear(Torch.gelu(parameters.linear(x, name + "fc1"), config.gelu()), name + "fc2");
            case FeedForward.Experts experts -> experts(experts.K(), name + "moe_layer.");
        };
    }

    private UnaryOperator<Tensor> experts(int K, String name) {
        Tensor gate = parameters.get(name + "gate.wg.weight");
        var experts = new TorchExperts(
                parameters.slices(name + "experts.fc1.weight"),
                parameters.slices(name + "experts.fc1.bias"),
                parameters.slices(name + "experts.fc2.weight"),
                parameters.slices(name + "experts.fc2.bias"),
                config.gelu());
        return x -> {
            Choice choice = Choice.of(Torch.linear(x, gate).softmax(-1), K);
            return x.size(0) == 1 ? experts.ofOneToken(x, choice) : experts.sorted(x, choice);
        };
    }

    /// Forgets the text.
    void clear() {
        length = 0;
    }

    /// Positions that still fit.
    long remaining() {
        return config.T() - length;
    }

    /// Appends tokens: a text's first ones, or one.
    ///
    /// @param ids `[T]`
    /// @return `[1, V]`, the logits of what follows
    Tensor next(Tensor ids) {
        long T = ids.size(0);
        if (T > 1 && length > 0) {
            throw new IllegalArgumentException("several tokens may only begin a text, it has " + length);
        }
        Tensor embedding = parameters.get(EMBEDDING);
        Tensor x = torch.embedding(embedding, ids)
                .add_(parameters.get("embed_positions.weight").narrow(0, length, T));
        for (var block : blocks) {
            x.add_(parameters.linear(attention(block, x), block.name + "self_attn.out_proj"));
            x.add_(block.feedForward.apply(parameters.norm(x, block.name + "final_layer_norm")));
        }
        length += T;
        return Torch.linear(parameters.norm(x.narrow(0, T - 1, 1), "layer_norm"), embedding);
    }

    /// `[T, C]`, in front of the output projection.
    private Tensor attention(Block block, Tensor x) {
        long T = x.size(0);
        Tensor normal = parameters.norm(x, block.name + "self_attn_layer_norm");
        TensorVector qkv = parameters
                .linear(normal, block.name + "self_attn.qkv_proj")
                .view(1, T, 3, config.H(), config.D())
                .permute(2, 0, 3, 1, 4)
                .unbind();
        block.keys.narrow(2, length, T).copy_(qkv.get(1));
        block.values.narrow(2, length, T).copy_(qkv.get(2));
        return torch.scaled_dot_product_attention(
                        qkv.get(0),
                        block.keys.narrow(2, 0, length + T),
                        block.values.narrow(2, 0, length + T),
                        new TensorOptional(),
                        0,
                        T > 1,
                        new DoubleOptional(),
                        false)
                .transpose(1, 2)
                .reshape(T, config.C());
    }
}
