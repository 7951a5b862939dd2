package dev.tandem.bench.peer;

import dev.tandem.bench.Load;
import dev.tandem.bench.machine.Cost;
import dev.tandem.bench.step.MoeLayer;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.kernel.GeluForm;
import java.util.ArrayList;
import java.util.List;

/// A layer of experts, from the gate's logits to the weighted sum, top-2, nothing dropped; and its
/// backward with all gradients, that of the balance loss included.
record MoeQuestion(int N, int C, int F, int E, Load load, boolean backward) implements Question {
    /// Experts per token.
    static final int K = 2;

    // With more, each contestant holds gigabytes of weights: only the fastest two of the others are asked.
    private static final int MOST_EXPERTS_FOR_ALL = 128;

    /// The form that ONNX Runtime's operator and ggml's have; only the forward needs to agree with them.
    GeluForm gelu() {
        return backward ? GeluForm.ERF : GeluForm.TANH;
    }

    static MoeQuestion forward(int N, int E) {
        return new MoeQuestion(N, 512, 2048, E, Load.EVEN, false);
    }

    static MoeQuestion backward(int N, int E) {
        return new MoeQuestion(N, 512, 2048, E, Load.EVEN, true);
    }

    MoeQuestion with(Load changed) {
        return new MoeQuestion(N, C, F, E, changed, backward);
    }

    @Override
    public String name() {
        return backward ? "MoeLayer.forwardBackward" : "MoeLayer.forward";
    }

    @Override
    public String details() {
        return "%dx%dx%d, E=%d%s".formatted(N, C, F, E, load == Load.EVEN ? "" : ", load " + load);
    }

    @Override
    public Cost cost() {
        double matrices = 2 * touched() * C * F;
        double flop = 2.0 * N * C * E + 4.0 * N * K * C * F;
        Cost forward = MoeLayer.forwardCost((double) N * C, flop, matrices, ElementType.F32);
        return backward ? MoeLayer.trainingCost(forward, matrices) : forward;
    }

    /// Experts that so many even choices are to be expected to meet.
    private double touched() {
        return E * (1 - Math.pow(1 - (double) K / E, N));
    }

    @Override
    public int terms() {
        return F;
    }

    @Override
    public List<Entrant> entrants() {
        var entrants = new ArrayList<Entrant>();
        entrants.add(Entrant.tandem(setting -> new TandemMoe(setting, this)));
        entrants.add(Torch.entrant("sorted", setting -> new TorchMoeSorted(setting, this)));
        entrants.add(Torch.entrant("grouped", setting -> new TorchMoeGrouped(setting, this)));
        if (E > MOST_EXPERTS_FOR_ALL) {
            return List.copyOf(entrants);
        }
        if (load == Load.EVEN) {
            // an uneven load would pad every expert to the largest
            entrants.add(Torch.entrant("einsum", setting -> new TorchMoeEinsum(setting, this)));
        }
        if (!backward) {
            entrants.add(new Entrant("ONNX Runtime", setting -> new OnnxMoe(setting, this)));
            entrants.add(Ggml.entrant(Ggml.GELU_ROUNDING, setting -> new GgmlMoe(setting, this)));
        }
        return entrants;
    }
}
