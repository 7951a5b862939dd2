package dev.tandem.gpt;

import dev.tandem.engine.ElementType;
import dev.tandem.engine.PlannedTensor;
import dev.tandem.engine.Region;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.FeedForwardWeights;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// One tensor per parameter of a model: the weights themselves, their gradients, or a moment.
///
/// Names are those of PyTorch checkpoints in fairseq's layout. Queries, keys and values share one
/// matrix `[3C, C]`, `layers.I.self_attn.qkv_proj`, in [#forEach]; [#forEachSeparate] shows it as
/// the three matrices that checkpoints hold.
///
/// @param embedding `[V, C]`, the head as well
/// @param positions `[rows, C]`, if they are learned
/// @param blocks in order
/// @param norm the one after the last block
public record Parameters(Tensor embedding, Optional<Tensor> positions, List<Block> blocks, Norm norm) {

    /// Gain and bias of a layer norm, `[C]` each.
    public record Norm(Tensor gain, Tensor bias) {}

    /// A matrix `[out, in]` and its bias `[out]`.
    public record Linear(Tensor weight, Optional<Tensor> bias) {}

    /// One block.
    ///
    /// @param attentionNorm in front of the attention
    /// @param qkv queries, keys, values: `[3C, C]`
    /// @param out output projection of the attention
    /// @param feedForwardNorm in front of the feed-forward layer
    /// @param feedForward the layer
    public record Block(Norm attentionNorm, Linear qkv, Linear out, Norm feedForwardNorm, Layer feedForward) {}

    /// The feed-forward layer of a block.
    public sealed interface Layer {
        /// Two matrices, `[F, C]` and `[C, F]`.
        record Dense(Linear up, Linear down) implements Layer {}

        /// A gate `[E, C]` without bias, and the experts.
        record Experts(Linear gate, FeedForwardWeights weights) implements Layer {}
    }

    /// Is told every parameter once, in a fixed order.
    @FunctionalInterface
    public interface Visitor {
        /// One parameter.
        void visit(String name, Tensor tensor);
    }

    /// Whether a name is that of an expert's parameter; the gate is none.
    public static boolean isExpert(String name) {
        return name.contains(".experts.");
    }

    /// The tensors that parameters of this configuration need.
    public static List<PlannedTensor> plan(GptConfig config) {
        var plan = new BufferPlan(Precision.F32);
        int C = config.C();
        plan.weight("embed_tokens.weight", config.V(), C);
        if (config.learnedPositionRows() > 0) {
            plan.state("embed_positions.weight", config.learnedPositionRows(), C);
        }
        for (int i = 0; i < config.L(); i++) {
            String block = "layers." + i + ".";
            norm(plan, block + "self_attn_layer_norm", C);
            linear(plan, block + "self_attn.qkv_proj", 3 * C, C);
            linear(plan, block + "self_attn.out_proj", C, C);
            norm(plan, block + "final_layer_norm", C);
            switch (config.feedForward(i)) {
                case FeedForward.Dense dense -> {
                    linear(plan, block + "fc1", dense.F(), C);
                    linear(plan, block + "fc2", C, dense.F());
                }
                case FeedForward.Experts experts -> {
                    int E = experts.E();
                    plan.weight(block + "moe_layer.gate.wg.weight", E, C);
                    plan.weight(block + "moe_layer.experts.fc1.weight", E, experts.F(), C);
                    plan.state(block + "moe_layer.experts.fc1.bias", E, experts.F());
                    plan.weight(block + "moe_layer.experts.fc2.weight", E, C, experts.F());
                    plan.state(block + "moe_layer.experts.fc2.bias", E, C);
                }
            }
        }
        norm(plan, "layer_norm", C);
        return plan.buffers();
    }

    private static void norm(BufferPlan plan, String name, int C) {
        plan.state(name + ".weight", C);
        plan.state(name + ".bias", C);
    }

    private static void linear(BufferPlan plan, String name, int out, int in) {
        plan.weight(name + ".weight", out, in);
        plan.state(name + ".bias", out);
    }

    /// The working copies that parameters of this configuration need besides: of matrices only, and none
    /// in F32.
    public static List<PlannedTensor> workingPlan(GptConfig config, Precision precision) {
        if (precision == Precision.F32) {
            return List.of();
        }
        return matrices(config, precision.type()).toList();
    }

    /// The copies of another type that a decoding session of this configuration multiplies by: of all
    /// matrices but those of gates, whose choices should stay what they are.
    static List<PlannedTensor> copyPlan(GptConfig config, ElementType type) {
        return matrices(config, type)
                .filter(buffer -> !buffer.name().contains(".gate."))
                .toList();
    }

    private static Stream<PlannedTensor> matrices(GptConfig config, ElementType type) {
        return plan(config).stream()
                .filter(buffer -> buffer.role() == Role.WEIGHT)
                .map(buffer -> new PlannedTensor(buffer.name(), buffer.role(), type, buffer.shape()));
    }

    /// Allocates one tensor of zeros per parameter.
    static Parameters allocate(GptConfig config, Region region) {
        return of(config, BufferPlan.allocate(plan(config), region));
    }

    /// What products read: working copies where there are any, else the parameters of this tree.
    Parameters working(GptConfig config, Precision precision, Region region) {
        return with(workingPlan(config, precision), config, region);
    }

    /// This tree with new tensors in place of some, which hold zeros.
    Parameters with(List<PlannedTensor> others, GptConfig config, Region region) {
        var tensors = new HashMap<String, Tensor>();
        forEach(tensors::put);
        tensors.putAll(BufferPlan.allocate(others, region).byName());
        return of(config, new BufferPlan.Tensors(tensors));
    }

    private static Parameters of(GptConfig config, BufferPlan.Tensors tensors) {
        var blocks = new ArrayList<Block>();
        for (int i = 0; i < config.L(); i++) {
            String block = "layers." + i + ".";
            Layer layer = switch (config.feedForward(i)) {
                case FeedForward.Dense _ ->
                    new Layer.Dense(linear(tensors, block + "fc1"), linear(tensors, block + "fc2"));
                case FeedForward.Experts _ -> experts(tensors, block + "moe_layer.");
            };
            blocks.add(new Block(
                    norm(tensors, block + "self_attn_layer_norm"),
                    linear(tensors, block + "self_attn.qkv_proj"),
                    linear(tensors, block + "self_attn.out_proj"),
                    norm(tensors, block + "final_layer_norm"),
                    layer));
        }
        return new Parameters(
                tensors.get("embed_tokens.weight"),
                config.learnedPositionRows() > 0
                        ? Optional.of(tensors.get("embed_positions.weight"))
                        : Optional.empty(),
                List.copyOf(blocks),
                norm(tensors, "layer_norm"));
    }

    private static Norm norm(BufferPlan.Tensors tensors, String name) {
        return new Norm(tensors.get(name + ".weight"), tensors.get(name + ".bias"));
    }

    private static Linear linear(BufferPlan.Tensors tensors, String name) {
        return new Linear(tensors.get(name + ".weight"), Optional.of(tensors.get(name + ".bias")));
    }

    private static Layer experts(BufferPlan.Tensors tensors, String layer) {
        return new Layer.Experts(
                new Linear(tensors.get(layer + "gate.wg.weight"), Optional.empty()),
                new FeedForwardWeights(
                        tensors.get(layer + "experts.fc1.weight"),
                        tensors.get(layer + "experts.fc1.bias"),
                        tensors.get(layer + "experts.fc2.weight"),
                        tensors.get(layer + "experts.fc2.bias")));
    }

    /// Visits every parameter as the engine holds it.
    public void forEach(Visitor visitor) {
        visitor.visit("embed_tokens.weight", embedding);
        positions.ifPresent(tensor -> visitor.visit("embed_positions.weight", tensor));
        for (int i = 0; i < blocks.size(); i++) {
            String name = "layers." + i + ".";
            Block block = blocks.get(i);
            visit(visitor, name + "self_attn_layer_norm", block.attentionNorm());
            visit(visitor, name + "self_attn.qkv_proj", block.qkv());
            visit(visitor, name + "self_attn.out_proj", block.out());
            visit(visitor, name + "final_layer_norm", block.feedForwardNorm());
            switch (block.feedForward()) {
                case Layer.Dense(Linear up, Linear down) -> {
                    visit(visitor, name + "fc1", up);
                    visit(visitor, name + "fc2", down);
                }
                case Layer.Experts(Linear gate, FeedForwardWeights weights) -> {
                    visit(visitor, name + "moe_layer.gate.wg", gate);
                    visitor.visit(name + "moe_layer.experts.fc1.weight", weights.up());
                    visitor.visit(name + "moe_layer.experts.fc1.bias", weights.upBias());
                    visitor.visit(name + "moe_layer.experts.fc2.weight", weights.down());
                    visitor.visit(name + "moe_layer.experts.fc2.bias", weights.downBias());
                }
            }
        }
        visit(visitor, "layer_norm", norm);
    }

    private static void visit(Visitor visitor, String name, Norm norm) {
        visitor.visit(name + ".weight", norm.gain());
        visitor.visit(name + ".bias", norm.bias());
    }

    private static void visit(Visitor visitor, String name, Linear linear) {
        visitor.visit(name + ".weight", linear.weight());
        linear.bias().ifPresent(bias -> visitor.visit(name + ".bias", bias));
    }

    /// Visits every parameter as checkpoints name it: `q_proj`, `k_proj` and `v_proj` are rows of
    /// `qkv_proj`, to be uploaded, downloaded or filled, not multiplied by.
    public void forEachSeparate(Visitor visitor) {
        forEach((name, tensor) -> {
            if (name.contains(".qkv_proj.")) {
                int C = tensor.shape().extent(0) / 3;
                visitor.visit(name.replace(".qkv_proj.", ".q_proj."), tensor.slice(0, C));
                visitor.visit(name.replace(".qkv_proj.", ".k_proj."), tensor.slice(C, C));
                visitor.visit(name.replace(".qkv_proj.", ".v_proj."), tensor.slice(2 * C, C));
            } else {
                visitor.visit(name, tensor);
            }
        });
    }

    /// The tensors by the names that checkpoints use, in a fixed order.
    public Map<String, Tensor> separate() {
        var tensors = new LinkedHashMap<String, Tensor>();
        forEachSeparate(tensors::put);
        return tensors;
    }

    /// The tensors as the engine holds them, in a fixed order.
    List<Tensor> tensors() {
        var tensors = new ArrayList<Tensor>();
        forEach((_, tensor) -> tensors.add(tensor));
        return List.copyOf(tensors);
    }
}
