package dev.tandem.bench;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertLoad;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.Gate;
import dev.tandem.engine.kernel.GateOptions;
import dev.tandem.engine.kernel.Routing;
import java.util.Arrays;
import java.util.Optional;

/// A gate and what it writes: who serves which token.
public final class Gating {
    /// Weight of the balance loss in the total.
    private static final float BALANCE_WEIGHT = 0.01f;

    // Few enough to cost nothing beside what is measured.
    private static final int LOGIT_TERMS = 16;

    private final Room room;
    private final Gate gate;
    private final GateOptions options;
    private final int N;
    private final int E;
    private final Routing routing;
    private final ExpertRows rows;
    private final ExpertLoad load;
    private final Tensor balanceLoss;
    private final Tensor probabilities;

    /// Room for the choices of N tokens among E experts.
    public Gating(Room room, int N, int E, GateOptions options) {
        this.room = room;
        this.gate = room.kernels().gate();
        this.options = options;
        this.N = N;
        this.E = E;
        this.routing = new Routing(
                room.region().integers("expert", N, options.K()),
                room.region().integers("slot", N, options.K()),
                room.floats("weight", N, options.K()));
        this.rows = new ExpertRows(
                room.region().integers("starts", E),
                room.region().integers("counts", E),
                room.region().integers("choiceOf", options.rows(N, E)),
                !options.compact());
        this.load = new ExpertLoad(
                room.region().integers("queued", options.K(), E),
                room.region().integers("dropped", options.K(), E),
                room.floats("entropy", 1));
        this.balanceLoss = room.floats("balanceLoss", 1);
        this.probabilities = room.floats("probabilities", N, E);
    }

    /// Top-2 without drops over compact rows, already done.
    public static Gating dropless(Room room, int N, int E, Load spread) {
        return done(room, N, E, spread, GateOptions.training(1).dropless());
    }

    /// Top-2 with the paper's capacity over padded rows, already done.
    public static Gating training(Room room, int N, int E, Load spread) {
        return done(room, N, E, spread, GateOptions.training(2));
    }

    private static Gating done(Room room, int N, int E, Load spread, GateOptions options) {
        var gating = new Gating(room, N, E, options);
        gating.forward(logits(room, N, E, spread));
        return gating;
    }

    /// Logits of deviation 1 around each expert's bias.
    public static Tensor logits(Room room, int N, int E, Load spread) {
        Tensor logits = room.floats("logits", N, E);
        Tensor x = room.activation("logitX", N, LOGIT_TERMS);
        Tensor weight = room.weight("logitWeight", E, LOGIT_TERMS);
        room.kernels().linear().forward(logits, x, weight, Optional.of(bias(room, E, spread)));
        return logits;
    }

    /// A bias per expert that spreads tokens so.
    public static Tensor bias(Room room, int E, Load spread) {
        var values = new float[E];
        for (int e = 0; e < E; e++) {
            values[e] = spread.bias(e);
        }
        Tensor bias = room.state("gateBias", E);
        room.backend().upload(bias, values);
        return bias;
    }

    /// Chooses, queues, weighs.
    public void forward(Tensor logits) {
        gate.forward(
                routing, rows, load, balanceLoss, probabilities, logits, Optional.empty(), Optional.empty(), options);
    }

    /// Computes the logits first.
    public void forwardLinear(Tensor logits, Tensor x, Tensor gateWeight, Optional<Tensor> gateBias) {
        gate.forwardLinear(
                routing,
                rows,
                load,
                balanceLoss,
                probabilities,
                logits,
                x,
                Optional.empty(),
                Optional.empty(),
                gateWeight,
                gateBias,
                options);
    }

    /// Gradient of the logits.
    public void backward(Tensor dLogits, Tensor dWeight) {
        gate.backward(dLogits, dWeight, routing, load, probabilities, BALANCE_WEIGHT, options);
    }

    /// Where each token goes.
    public Routing routing() {
        return routing;
    }

    /// Which rows belong to which expert.
    public ExpertRows rows() {
        return rows;
    }

    /// Saved for the backward.
    public Tensor probabilities() {
        return probabilities;
    }

    /// The balance loss.
    public Tensor balanceLoss() {
        return balanceLoss;
    }

    /// Experts per token.
    public int K() {
        return options.K();
    }

    /// R: rows, owned or not.
    public int R() {
        return options.rows(N, E);
    }

    /// Rows that hold a token.
    public long owned() {
        return Arrays.stream(counts()).sum();
    }

    /// Experts that hold a token.
    public long touched() {
        return Arrays.stream(counts()).filter(count -> count > 0).count();
    }

    private int[] counts() {
        return room.backend().integers(rows.counts());
    }
}
