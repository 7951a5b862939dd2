package dev.tandem.gpt;

import dev.tandem.engine.Kernels;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertLoad;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.GateOptions;
import dev.tandem.engine.kernel.GeluForm;
import dev.tandem.engine.kernel.Routing;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A gate and its experts.
///
/// A token that no expert serves gets zero, and passes by the residual stream alone.
final class ExpertLayer implements FeedForwardLayer {
    private final Kernels kernels;
    private final Parameters.Layer.Experts weights;
    private final Parameters.Layer.Experts gradients;
    private final GateOptions options;
    private final boolean maskPadding;
    private final GeluForm gelu;
    private final int block;
    private final int gate;
    private final GateNoise noise;

    private final Tensor logits;
    private final Optional<Tensor> noiseBuffer;
    private final Tensor probabilities;
    private final Routing routing;
    private final ExpertRows rows;
    private final Tensor expertY;
    private final Optional<Tensor> preActivation;
    private final List<ExpertLoad> loads = new ArrayList<>();
    private final List<Tensor> balanceLosses = new ArrayList<>();
    private final Optional<Gradients> scratch;

    /// Buffers of the backward, shared by all MoE blocks.
    private record Gradients(Tensor dExpertY, Tensor dExpertX, Tensor dWeight, Tensor dLogits, Tensor dInput) {}

    ExpertLayer(
            Context context,
            int block,
            int gate,
            FeedForward.Experts experts,
            Parameters.Layer.Experts weights,
            Parameters.Layer.Experts gradients) {
        Plan plan = context.plan();
        this.kernels = context.kernels();
        this.weights = weights;
        this.gradients = gradients;
        this.options = plan.gate();
        this.maskPadding = experts.maskPadding();
        this.gelu = plan.config().gelu();
        this.block = block;
        this.gate = gate;
        this.noise = context.noise();
        String name = plan.block(block);
        this.logits = context.tensor("gate.logits");
        this.noiseBuffer = plan.noisy() ? Optional.of(context.tensor("gate.noise")) : Optional.empty();
        this.probabilities = context.tensor(name + "gate.probabilities");
        this.routing = new Routing(
                context.tensor(name + "routing.expert"),
                context.tensor(name + "routing.slot"),
                context.tensor(name + "routing.weight"));
        this.rows = new ExpertRows(
                context.tensor(name + "rows.starts"),
                context.tensor(name + "rows.counts"),
                context.tensor(name + "rows.choiceOf"),
                !options.compact());
        this.expertY = context.tensor(name + "experts");
        this.preActivation =
                plan.training() ? Optional.of(context.tensor(name + "experts.preActivation")) : Optional.empty();
        for (int micro = 0; micro < plan.microBatches(); micro++) {
            int entry = micro * plan.config().expertBlocks() + gate;
            loads.add(new ExpertLoad(
                    context.tensor("load.queued").at(entry),
                    context.tensor("load.dropped").at(entry),
                    context.tensor("load.entropy").slice(entry, 1)));
            balanceLosses.add(context.tensor("balanceLoss").slice(entry, 1));
        }
        this.scratch = plan.training() ? Optional.of(gradients(context)) : Optional.empty();
    }

    private static Gradients gradients(Context context) {
        return new Gradients(
                context.tensor("dExperts"),
                context.tensor("dExpertRows"),
                context.tensor("dWeight"),
                context.tensor("gate.dLogits"),
                context.tensor("gate.dInput"));
    }

    Routing routing() {
        return routing;
    }

    @Override
    public void forward(Tensor y, Tensor x, Pass pass) {
        if (noiseBuffer.isPresent()) {
            noise.fill(noiseBuffer.get(), gate, pass.microBatch, pass.seed(), pass.gateStream(block));
        }
        kernels.gate()
                .forwardLinear(
                        routing,
                        rows,
                        loads.get(pass.microBatch),
                        balanceLosses.get(pass.microBatch),
                        probabilities,
                        logits,
                        x,
                        maskPadding ? pass.padding : Optional.empty(),
                        noiseBuffer,
                        weights.gate().weight(),
                        weights.gate().bias(),
                        options);
        kernels.expertFeedForward().forward(expertY, preActivation, x, weights.weights(), rows, options.K(), gelu);
        if (pass.drops()) {
            kernels.dropout().forward(expertY, expertY, pass.dropout(), pass.seed(), pass.feedForwardStream(block));
        }
        kernels.dispatch().gather(y, expertY, routing, rows);
    }

    @Override
    public void backward(Tensor dx, Tensor dy, Tensor x, Pass pass) {
        Gradients d = scratch.orElseThrow();
        kernels.dispatch().gatherBackward(d.dExpertY, d.dWeight, dy, expertY, routing, rows);
        if (pass.drops()) {
            kernels.dropout()
                    .forward(d.dExpertY, d.dExpertY, pass.dropout(), pass.seed(), pass.feedForwardStream(block));
        }
        kernels.expertFeedForward()
                .backward(
                        d.dExpertX,
                        gradients.weights(),
                        d.dExpertY,
                        preActivation.orElseThrow(),
                        x,
                        weights.weights(),
                        rows,
                        options.K(),
                        gelu);
        kernels.dispatch().scatterBackward(dx, d.dExpertX, routing, rows);
        kernels.gate()
                .backward(
                        d.dLogits,
                        d.dWeight,
                        routing,
                        loads.get(pass.microBatch),
                        probabilities,
                        pass.balanceWeight,
                        options);
        kernels.linear()
                .backwardWeight(gradients.gate().weight(), gradients.gate().bias(), d.dLogits, x);
        kernels.linear().backwardData(d.dInput, d.dLogits, weights.gate().weight());
        kernels.add().forward(dx, dx, d.dInput);
    }
}
