package dev.tandem.bench.kernel;

import dev.tandem.bench.BackendBenchmark;
import dev.tandem.bench.Gating;
import dev.tandem.bench.Load;
import dev.tandem.bench.Problem;
import dev.tandem.bench.Room;
import dev.tandem.bench.Work;
import dev.tandem.bench.machine.Cost;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.GateOptions;
import java.util.List;
import java.util.Optional;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/// How fast do N tokens choose among E experts, and how fast is the gradient of their logits?
///
/// Bound by the bytes of logits and probabilities; where it computes the logits, by multiply-adds.
/// Cost per token should grow with E for the softmax and with nothing else.
public class GateBenchmark extends BackendBenchmark {
    // Per logit: softmax and one comparison per choice; and the gradient of the softmax.
    private static final double FORWARD_FLOP = 6;
    private static final double BACKWARD_FLOP = 4;
    private static final int C = 512;

    /// `N x E`.
    @Param({"2048x16", "2048x8", "2048x64", "2048x512", "16x512"})
    public String size = "";

    @SuppressWarnings("NullAway.Init")
    private Operands operands;

    /// Called by JMH.
    public GateBenchmark() {}

    /// What one call works on.
    private static final class Operands implements Problem {
        private final Gating gating;
        private final Gating ofTokens;
        private final int E;
        private final Tensor logits;
        private final Tensor x;
        private final Tensor gateWeight;
        private final Optional<Tensor> gateBias;
        private final Tensor product;
        private final Tensor dLogits;
        private final Tensor dWeight;
        private final Cost forwardCost;
        private final Cost linearCost;
        private final Cost backwardCost;

        Operands(Room room, int N, int E) {
            this.gating = new Gating(room, N, E, GateOptions.training(2));
            this.ofTokens = new Gating(room, N, E, GateOptions.training(2));
            this.E = E;
            this.logits = Gating.logits(room, N, E, Load.EVEN);
            this.x = room.activation("x", N, C);
            this.gateWeight = room.weight("gateWeight", E, C);
            this.gateBias = Optional.of(room.state("gateBias", E));
            this.product = room.floats("product", N, E);
            this.dLogits = room.activation("dLogits", N, E);
            this.dWeight = room.floats("dWeight", N, gating.K());
            double elements = logits.shape().elements();
            this.forwardCost = Cost.of(FORWARD_FLOP * elements, List.of(logits), List.of(gating.probabilities()));
            this.linearCost = Cost.of(
                    (2 * C + FORWARD_FLOP) * elements,
                    List.of(x, gateWeight),
                    List.of(product, gating.probabilities()));
            this.backwardCost = Cost.of(BACKWARD_FLOP * elements, List.of(gating.probabilities()), List.of(dLogits));
            gating.forward(logits); // a backward before any forward would find nothing
        }

        void forward() {
            gating.forward(logits);
        }

        void forwardLinear() {
            ofTokens.forwardLinear(product, x, gateWeight, gateBias);
        }

        void backward() {
            gating.backward(dLogits, dWeight);
        }

        @Override
        public void run() {
            forwardLinear();
            forward();
            backward();
        }

        @Override
        public List<Tensor> results() {
            return List.of(
                    gating.routing().expert(),
                    gating.routing().slot(),
                    gating.routing().weight(),
                    gating.balanceLoss(),
                    product,
                    ofTokens.routing().expert(),
                    ofTokens.routing().slot(),
                    ofTokens.routing().weight(),
                    dLogits);
        }

        @Override
        public int terms() {
            return Math.max(C, E);
        }
    }

    /// Checks, then sets up.
    @Setup
    public void setUp() {
        int[] extents = extents(size);
        operands = prepare(room -> new Operands(room, 50, 7), room -> new Operands(room, extents[0], extents[1]));
    }

    /// Softmax, top-2, slots, statistics.
    @Benchmark
    public void forward(Work work) {
        operands.forward();
        done(work, operands.forwardCost);
    }

    /// The logits of tokens of 512 elements, then the same.
    @Benchmark
    public void forwardLinear(Work work) {
        operands.forwardLinear();
        done(work, operands.linearCost);
    }

    /// Gradient of the logits.
    @Benchmark
    public void backward(Work work) {
        operands.backward();
        done(work, operands.backwardCost);
    }
}
