package dev.tandem.gpt;

import dev.tandem.engine.Region;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Embedding;
import dev.tandem.engine.kernel.KvCache;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A model's layers in their buffers, ready to run for one plan.
final class Network {
    private final Context context;
    private final GptConfig config;
    private final Embedding embedding;
    private final Tensor table;
    private final Tensor positions;
    private final Parameters gradients;
    private final List<Tensor> ids = new ArrayList<>();
    private final Tensor stream;
    private final Tensor streamSequences;
    private final List<Block> blocks = new ArrayList<>();
    private final NormLayer norm;
    private final Optional<Head> head;
    private final Optional<Backward> backward;

    /// Gradients of the stream, of the head's input, and the blocks' shared ones.
    private record Backward(Tensor dStream, Tensor dStreamSequences, Block.Scratch scratch) {}

    /// A network that keeps what its backward needs, and the gradients it adds to.
    static Network training(Gpt model, Plan plan, Region region, Parameters gradients, GateNoise noise) {
        var tensors = BufferPlan.allocate(plan.buffers(), region);
        return new Network(
                model, model.weights(), new Context(plan, model.backend().kernels(), tensors, noise), gradients);
    }

    /// A network that forgets every block after the next.
    static Network evaluation(Gpt model, Plan plan, Region region) {
        return evaluation(model, model.weights(), plan, region);
    }

    /// The same with copies of the weights in the blocks.
    static Network evaluation(Gpt model, Parameters weights, Plan plan, Region region) {
        var tensors = BufferPlan.allocate(plan.buffers(), region);
        GateNoise none = (_, _, _, _, _) -> {
            throw new IllegalStateException("evaluation draws no noise");
        };
        // no backward follows, so the place of the gradients is never written
        var context = new Context(plan, model.backend().kernels(), tensors, none);
        return new Network(model, weights, context, model.parameters());
    }

    private Network(Gpt model, Parameters weights, Context context, Parameters gradients) {
        Plan plan = context.plan();
        this.context = context;
        this.config = plan.config();
        this.embedding = context.kernels().embedding();
        this.table = model.weights().embedding();
        this.positions = model.positions();
        this.gradients = gradients;
        for (int micro = 0; micro < plan.microBatches(); micro++) {
            ids.add(context.tensor("ids").slice(micro * plan.B(), plan.B()));
        }
        this.stream = context.tensor(plan.stream(0));
        this.streamSequences = context.sequences(stream);
        int gate = 0;
        for (int i = 0; i < config.L(); i++) {
            var layer =
                    layer(i, gate, weights.blocks().get(i), gradients.blocks().get(i));
            gate += layer instanceof ExpertLayer ? 1 : 0;
            blocks.add(new Block(
                    context, i, weights.blocks().get(i), gradients.blocks().get(i), layer));
        }
        this.norm = new NormLayer(
                context, weights.norm(), gradients.norm(), context.tensor(plan.stream(config.L())), "norm");
        Tensor dStream = plan.training() ? context.tensor("dStream") : norm.y();
        this.head = plan.use() == Plan.Use.DECODING
                ? Optional.empty()
                : Optional.of(new Head(context, table, gradients.embedding(), norm.y(), dStream));
        this.backward = plan.training()
                ? Optional.of(new Backward(dStream, context.sequences(dStream), Block.Scratch.of(context)))
                : Optional.empty();
    }

    private FeedForwardLayer layer(int block, int gate, Parameters.Block weights, Parameters.Block gradients) {
        if (config.feedForward(block) instanceof FeedForward.Experts experts
                && weights.feedForward() instanceof Parameters.Layer.Experts layer
                && gradients.feedForward() instanceof Parameters.Layer.Experts dLayer) {
            return new ExpertLayer(context, block, gate, experts, layer, dLayer);
        }
        if (weights.feedForward() instanceof Parameters.Layer.Dense layer
                && gradients.feedForward() instanceof Parameters.Layer.Dense dLayer) {
            return new DenseLayer(context, block, layer, dLayer);
        }
        throw new IllegalStateException("block " + block + ": parameters and configuration disagree");
    }

    Plan plan() {
        return context.plan();
    }

    Tensor tensor(String name) {
        return context.tensor(name);
    }

    Head head() {
        return head.orElseThrow();
    }

    /// The normalized output of the last block, `[N, C]`.
    Tensor hidden() {
        return norm.y();
    }

    Block block(int number) {
        return blocks.get(number);
    }

    /// Runs everything below the head.
    void forward(Pass pass) {
        embed(pass, 0);
        for (int i = 0; i < blocks.size(); i++) {
            blocks.get(i).forward(pass);
        }
        norm.forward();
    }

    /// As [#forward], appending to `start` positions that the caches hold.
    void decode(Pass pass, List<KvCache> caches, int start) {
        embed(pass, start);
        for (int i = 0; i < blocks.size(); i++) {
            blocks.get(i).decode(pass, caches.get(i), start);
        }
        norm.forward();
    }

    private void embed(Pass pass, int start) {
        embedding.forward(
                streamSequences,
                ids.get(pass.microBatch),
                table,
                positions,
                (float) config.embeddingScale(),
                config.padding().orElse(-1),
                start);
        if (pass.drops()) {
            context.kernels().dropout().forward(stream, stream, pass.dropout(), pass.seed(), pass.embeddingStream());
        }
    }

    /// Computes losses and adds all gradients of one micro-batch.
    ///
    /// @param scale 1 / scored tokens of the update
    void backward(Pass pass, float scale) {
        Backward d = backward.orElseThrow();
        head().lossesAndGradients(pass.microBatch, scale);
        norm.backward(d.dStream);
        for (int i = blocks.size() - 1; i >= 0; i--) {
            blocks.get(i).backward(d.dStream, d.scratch, pass);
        }
        if (pass.drops()) {
            context.kernels()
                    .dropout()
                    .forward(d.dStream, d.dStream, pass.dropout(), pass.seed(), pass.embeddingStream());
        }
        embedding.backward(
                gradients.embedding(),
                gradients.positions(),
                d.dStreamSequences,
                ids.get(pass.microBatch),
                (float) config.embeddingScale(),
                config.padding().orElse(-1));
    }
}
