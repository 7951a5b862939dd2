package dev.tandem.bench.step;

import dev.tandem.bench.Problem;
import dev.tandem.bench.Room;
import dev.tandem.bench.machine.Cost;
import dev.tandem.engine.Backend;
import dev.tandem.engine.Kernels;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertLoad;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.FeedForwardWeights;
import dev.tandem.engine.kernel.GateOptions;
import dev.tandem.engine.kernel.GeluForm;
import dev.tandem.engine.kernel.Routing;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// A layer of experts as the model runs it: gate logits, gate, experts, weighted sum, and back.
///
/// An even load trains with the paper's capacity; an uneven one would lose most of its tokens to it, so nothing is
/// dropped there.
final class MoeLayer implements Problem {
    private static final int K = 2;
    private static final double CAPACITY_FACTOR = 2;
    private static final float BALANCE_WEIGHT = 0.01f;
    private static final GeluForm GELU = GeluForm.ERF;

    private final Kernels kernels;
    private final Backend backend;
    private final int C;
    private final int F;
    private final int E;
    private final GateOptions training;
    private final GateOptions evaluation;
    private final Tensor x;
    private final Tensor y;
    private final Tensor logits;
    private final Tensor gateWeight;
    private final Tensor gateBias;
    private final Routing routing;
    private final ExpertRows trainingRows;
    private final ExpertRows evaluationRows;
    private final ExpertLoad load;
    private final Tensor balanceLoss;
    private final Tensor probabilities;
    private final Tensor expertY;
    private final Tensor preActivation;
    private final FeedForwardWeights weights;
    private final Gradients gradients;
    private final Cost forwardCost;
    private final Cost trainingCost;

    /// Everything the backward writes, and what arrives from above.
    private record Gradients(
            Tensor dy,
            Tensor dx,
            Tensor dxOfGate,
            Tensor dExpertY,
            Tensor dExpertX,
            Tensor dWeight,
            Tensor dLogits,
            Tensor dGateWeight,
            Tensor dGateBias,
            FeedForwardWeights dWeights) {
        static Gradients of(Room room, int N, int C, int F, int E, int R) {
            return new Gradients(
                    room.activation("dy", N, C),
                    room.activation("dx", N, C),
                    room.activation("dxOfGate", N, C),
                    room.activation("dExpertY", R, C),
                    room.activation("dExpertX", R, C),
                    room.activation("dWeight", N, K),
                    room.activation("dLogits", N, E),
                    room.weight("dGateWeight", E, C),
                    room.state("dGateBias", E),
                    weights(room, "d", C, F, E));
        }
    }

    MoeLayer(Room room, int N, int C, int F, int E, Load spread) {
        this.kernels = room.kernels();
        this.backend = room.backend();
        this.C = C;
        this.F = F;
        this.E = E;
        var paper = GateOptions.training(CAPACITY_FACTOR);
        this.evaluation = paper.dropless();
        this.training = spread == Load.EVEN ? paper : evaluation;
        int R = Math.max(training.rows(N, E), evaluation.rows(N, E));
        this.x = room.activation("x", N, C);
        this.y = room.activation("y", N, C);
        this.logits = room.activation("logits", N, E);
        this.gateWeight = room.weight("gateWeight", E, C);
        this.gateBias = room.state("gateBias", E);
        var bias = new float[E];
        for (int e = 0; e < E; e++) {
            bias[e] = spread.bias(e);
        }
        backend.upload(gateBias, bias);
        this.routing = new Routing(
                room.region().integers("expert", N, K),
                room.region().integers("slot", N, K),
                room.activation("weight", N, K));
        this.trainingRows = rows(room, E, training.rows(N, E));
        this.evaluationRows = rows(room, E, evaluation.rows(N, E));
        this.load = new ExpertLoad(
                room.region().integers("queued", K, E),
                room.region().integers("dropped", K, E),
                room.activation("entropy", 1));
        this.balanceLoss = room.activation("balanceLoss", 1);
        this.probabilities = room.activation("probabilities", N, E);
        this.expertY = room.activation("expertY", R, C);
        this.preActivation = room.activation("preActivation", R, F);
        this.weights = weights(room, "", C, F, E);
        this.gradients = Gradients.of(room, N, C, F, E, R);
        evaluate();
        this.forwardCost = cost(evaluationRows, N);
        forward();
        Cost kept = cost(trainingRows, N);
        // gradients of weights and of rows: twice the FLOPs; weights read again, their gradients read and written
        double experts = 2.0 * touched(trainingRows) * C * F * Float.BYTES;
        this.trainingCost = kept.plus(new Cost(2 * kept.flop(), kept.read() + experts, kept.written() + experts));
    }

    private static ExpertRows rows(Room room, int E, int R) {
        return new ExpertRows(
                room.region().integers("starts", E),
                room.region().integers("counts", E),
                room.region().integers("choiceOf", R));
    }

    private static FeedForwardWeights weights(Room room, String prefix, int C, int F, int E) {
        return new FeedForwardWeights(
                room.weight(prefix + "up", E, F, C),
                room.normal(prefix + "upBias", Role.STATE, 0.1, E, F),
                room.weight(prefix + "down", E, C, F),
                room.normal(prefix + "downBias", Role.STATE, 0.1, E, C));
    }

    /// Nothing dropped, nothing saved.
    void evaluate() {
        gate(evaluationRows, evaluation);
        kernels.expertFeedForward().forward(expertY, Optional.empty(), x, weights, evaluationRows, K, GELU);
        kernels.dispatch().gather(y, expertY, routing, evaluationRows);
    }

    /// Forward of training.
    void forward() {
        gate(trainingRows, training);
        kernels.expertFeedForward().forward(expertY, Optional.of(preActivation), x, weights, trainingRows, K, GELU);
        kernels.dispatch().gather(y, expertY, routing, trainingRows);
    }

    private void gate(ExpertRows rows, GateOptions options) {
        kernels.linear().forward(logits, x, gateWeight, Optional.of(gateBias));
        kernels.gate()
                .forward(
                        routing,
                        rows,
                        load,
                        balanceLoss,
                        probabilities,
                        logits,
                        Optional.empty(),
                        Optional.empty(),
                        options);
    }

    /// All gradients, after [#forward].
    void backward() {
        var d = gradients;
        kernels.dispatch().gatherBackward(d.dExpertY, d.dWeight, d.dy, expertY, routing, trainingRows);
        kernels.expertFeedForward()
                .backward(d.dExpertX, d.dWeights, d.dExpertY, preActivation, x, weights, trainingRows, K, GELU);
        kernels.dispatch().scatterBackward(d.dx, d.dExpertX, routing, trainingRows);
        kernels.gate().backward(d.dLogits, d.dWeight, routing, load, probabilities, BALANCE_WEIGHT, training);
        kernels.linear().backwardWeight(d.dGateWeight, Optional.of(d.dGateBias), d.dLogits, x);
        kernels.linear().backwardData(d.dxOfGate, d.dLogits, gateWeight);
        kernels.add().forward(d.dx, d.dx, d.dxOfGate);
    }

    /// Work of [#evaluate].
    Cost forwardCost() {
        return forwardCost;
    }

    /// Work of [#forward] and [#backward].
    Cost trainingCost() {
        return trainingCost;
    }

    // As the gate has just filled the rows.
    private Cost cost(ExpertRows rows, int N) {
        long owned = Arrays.stream(backend.integers(rows.counts())).sum();
        double flop = 2.0 * N * C * E + 4.0 * owned * C * F;
        double read = ((double) N * C + 2.0 * touched(rows) * C * F) * Float.BYTES;
        return new Cost(flop, read, (double) N * C * Float.BYTES);
    }

    private long touched(ExpertRows rows) {
        return Arrays.stream(backend.integers(rows.counts()))
                .filter(count -> count > 0)
                .count();
    }

    @Override
    public void run() {
        forward();
        backward();
    }

    @Override
    public List<Tensor> results() {
        var d = gradients;
        return List.of(
                routing.expert(),
                routing.slot(),
                routing.weight(),
                y,
                balanceLoss,
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
