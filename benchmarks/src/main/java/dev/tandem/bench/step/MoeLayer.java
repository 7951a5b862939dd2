package dev.tandem.bench.step;

import dev.tandem.bench.Gating;
import dev.tandem.bench.Load;
import dev.tandem.bench.Problem;
import dev.tandem.bench.Room;
import dev.tandem.bench.machine.Cost;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Kernels;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.FeedForwardWeights;
import dev.tandem.engine.kernel.GateOptions;
import dev.tandem.engine.kernel.GeluForm;
import java.util.List;
import java.util.Optional;

/// A layer of experts as the model runs it: gate, experts, weighted sum, and back.
///
/// Training with the paper's capacity loses tokens to it, most of them where the load is uneven;
/// without drops it loses none.
public final class MoeLayer implements Problem {
    private static final double CAPACITY_FACTOR = 2;

    /// How a layer is run.
    ///
    /// @param load how tokens spread over experts
    /// @param dropless whether training drops nothing, or has the paper's capacity
    /// @param trained whether there is room for gradients, as much as for weights; or else there is no backward
    /// @param gelu the activation
    public record Options(Load load, boolean dropless, boolean trained, GeluForm gelu) {}

    private final Kernels kernels;
    private final int N;
    private final int C;
    private final int F;
    private final GeluForm gelu;
    private final int E;
    private final Gating training;
    private final Gating evaluation;
    private final Tensor x;
    private final Tensor dy;
    private final Tensor y;
    private final Tensor logits;
    private final Tensor gateWeight;
    private final Optional<Tensor> gateBias;
    private final Tensor trainingY;
    private final Tensor evaluationY;
    private final Tensor preActivation;
    private final Optional<Tensor> saved;
    private final FeedForwardWeights weights;
    private final Optional<Gradients> gradients;
    private final Optional<Tensor> dGateBias;
    private final Cost forwardCost;
    private final Cost trainingCost;

    /// What the layer is given, and its answer.
    ///
    /// @param x `[N, C]`
    /// @param dy `[N, C]`, what arrives from above
    /// @param gateWeight `[E, C]`
    /// @param gateBias `[E]`
    /// @param weights of the experts
    /// @param expert `[N, K]`, the choices of the last forward
    /// @param y `[N, C]`
    public record Operands(
            Tensor x,
            Tensor dy,
            Tensor gateWeight,
            Tensor gateBias,
            FeedForwardWeights weights,
            Tensor expert,
            Tensor y) {}

    /// Everything the backward writes.
    ///
    /// @param dx `[N, C]`, overwritten
    /// @param dxOfGate the gate's part of it
    /// @param dExpertY scratch
    /// @param dExpertX scratch
    /// @param dWeight scratch
    /// @param dLogits scratch
    /// @param dGateWeight `[E, C]`, accumulated
    /// @param dGateBias `[E]`, accumulated
    /// @param dWeights of the experts, accumulated
    public record Gradients(
            Tensor dx,
            Tensor dxOfGate,
            Tensor dExpertY,
            Tensor dExpertX,
            Tensor dWeight,
            Tensor dLogits,
            Tensor dGateWeight,
            Tensor dGateBias,
            FeedForwardWeights dWeights) {
        /// Those that every backward adds to.
        public List<Tensor> accumulated() {
            return List.of(
                    dGateWeight, dGateBias, dWeights.up(), dWeights.upBias(), dWeights.down(), dWeights.downBias());
        }

        static Gradients of(Room room, int N, int C, int F, int E, Gating gating) {
            return new Gradients(
                    room.activation("dx", N, C),
                    room.activation("dxOfGate", N, C),
                    room.activation("dExpertY", gating.R(), C),
                    room.activation("dExpertX", gating.R(), C),
                    room.floats("dWeight", N, gating.K()),
                    room.activation("dLogits", N, E),
                    room.gradient("dGateWeight", E, C),
                    room.state("dGateBias", E),
                    room.expertGradients(C, F, E));
        }
    }

    /// A layer of random operands.
    public MoeLayer(Room room, int N, int C, int F, int E, Options options) {
        this.kernels = room.kernels();
        this.N = N;
        this.C = C;
        this.F = F;
        this.gelu = options.gelu;
        this.E = E;
        var paper = GateOptions.training(CAPACITY_FACTOR);
        this.evaluation = new Gating(room, N, E, paper.dropless());
        this.training = options.dropless ? evaluation : new Gating(room, N, E, paper);
        this.x = room.activation("x", N, C);
        this.dy = room.activation("dy", N, C);
        this.y = room.activation("y", N, C);
        this.logits = room.floats("logits", N, E);
        this.gateWeight = room.weight("gateWeight", E, C);
        this.gateBias = Optional.of(Gating.bias(room, E, options.load));
        Tensor expertY = room.activation("expertY", Math.max(training.R(), evaluation.R()), C);
        this.trainingY = expertY.slice(0, training.R());
        this.evaluationY = expertY.slice(0, evaluation.R());
        this.preActivation = room.activation("preActivation", training.R(), F);
        this.saved = Optional.of(preActivation);
        this.weights = room.experts(C, F, E);
        this.gradients = options.trained ? Optional.of(Gradients.of(room, N, C, F, E, training)) : Optional.empty();
        this.dGateBias = gradients.map(Gradients::dGateBias);
        evaluate();
        this.forwardCost = cost(evaluation);
        forward();
        this.trainingCost = trainingCost(cost(training), 2.0 * training.touched() * C * F);
    }

    private Cost cost(Gating gating) {
        return forwardCost(
                (double) N * C,
                2.0 * N * C * E + 4.0 * gating.owned() * C * F,
                2.0 * gating.touched() * C * F,
                x.type());
    }

    /// Work of a forward.
    ///
    /// @param activations elements that arrive, and as many that leave
    /// @param flop of the gate's logits and of the experts
    /// @param matrices elements of the weights that are read
    /// @param type of all of them
    public static Cost forwardCost(double activations, double flop, double matrices, ElementType type) {
        return new Cost(flop, (activations + matrices) * type.bytes(), activations * type.bytes(), 0);
    }

    /// Work of a forward and of all gradients: those of weights and of rows are twice the FLOPs; weights are read
    /// again, their gradients updated.
    ///
    /// @param matrices elements of the weights that are read
    public static Cost trainingCost(Cost forward, double matrices) {
        return forward.plus(new Cost(2 * forward.flop(), forward.read(), forward.written(), matrices * Float.BYTES));
    }

    /// What it is given, and its answer.
    public Operands operands() {
        return new Operands(
                x,
                dy,
                gateWeight,
                gateBias.orElseThrow(),
                weights,
                training.routing().expert(),
                y);
    }

    /// What the backward writes.
    public Gradients gradients() {
        return gradients.orElseThrow(() -> new IllegalStateException("a layer that is not trained has no gradients"));
    }

    /// Nothing dropped, nothing saved.
    public void evaluate() {
        forward(evaluation, evaluationY, Optional.empty());
    }

    /// Forward of training.
    public void forward() {
        forward(training, trainingY, saved);
    }

    private void forward(Gating gating, Tensor expertY, Optional<Tensor> saved) {
        gating.forwardLinear(logits, x, gateWeight, gateBias);
        kernels.expertFeedForward().forward(expertY, saved, x, weights, gating.rows(), gating.K(), gelu);
        kernels.dispatch().gather(y, expertY, gating.routing(), gating.rows());
    }

    /// All gradients, after [#forward()].
    ///
    /// @throws IllegalStateException if the layer is not trained
    public void backward() {
        var d = gradients();
        var rows = training.rows();
        kernels.dispatch().gatherBackward(d.dExpertY, d.dWeight, dy, trainingY, training.routing(), rows);
        kernels.expertFeedForward()
                .backward(d.dExpertX, d.dWeights, d.dExpertY, preActivation, x, weights, rows, training.K(), gelu);
        kernels.dispatch().scatterBackward(d.dx, d.dExpertX, training.routing(), rows);
        training.backward(d.dLogits, d.dWeight);
        kernels.linear().backwardWeight(d.dGateWeight, dGateBias, d.dLogits, x);
        kernels.linear().backwardData(d.dxOfGate, d.dLogits, gateWeight);
        kernels.add().forward(d.dx, d.dx, d.dxOfGate);
    }

    /// Work of [#evaluate].
    Cost forwardCost() {
        return forwardCost;
    }

    /// Work of [#forward()] and [#backward].
    Cost trainingCost() {
        return trainingCost;
    }

    @Override
    public void run() {
        forward();
        backward();
    }

    @Override
    public List<Tensor> results() {
        var d = gradients();
        return List.of(
                training.routing().expert(),
                training.routing().slot(),
                training.routing().weight(),
                training.balanceLoss(),
                y,
                d.dx,
                d.dGateWeight,
                d.dWeights.up(),
                d.dWeights.upBias(),
                d.dWeights.down(),
                d.dWeights.downBias());
    }

    @Override
    public int terms() {
        return F;
    }
}
