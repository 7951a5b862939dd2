package dev.tandem.bench.kernel;

import dev.tandem.bench.BackendBenchmark;
import dev.tandem.bench.Gating;
import dev.tandem.bench.Load;
import dev.tandem.bench.Problem;
import dev.tandem.bench.Room;
import dev.tandem.bench.Work;
import dev.tandem.bench.machine.Cost;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertFeedForward;
import dev.tandem.engine.kernel.FeedForwardWeights;
import dev.tandem.engine.kernel.GeluForm;
import java.util.List;
import java.util.Optional;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/// How fast are both layers of all experts in one kernel, few experts or many, even and uneven?
///
/// Bound by FLOPs, `4·K·N·C·F` forward and twice that backward, while experts have tens of rows; by
/// the bytes of the touched weights below. Top-2, nothing dropped.
public class ExpertFeedForwardBenchmark extends BackendBenchmark {
    /// `N x C x F`.
    @Param({"2048x256x1024", "2048x128x512", "2048x512x2048"})
    public String size = "";

    /// E.
    @Param({"32", "8", "128", "512"})
    public int experts;

    /// How tokens spread over experts.
    @Param({"EVEN", "ZIPF", "ONE"})
    public Load load = Load.EVEN;

    @SuppressWarnings("NullAway.Init")
    private Operands operands;

    /// Called by JMH.
    public ExpertFeedForwardBenchmark() {}

    /// What one call works on.
    private static final class Operands implements Problem {
        private final ExpertFeedForward experts;
        private final Gating gating;
        private final int F;
        private final Tensor expertY;
        private final Tensor preActivation;
        private final Optional<Tensor> saved;
        private final Tensor x;
        private final FeedForwardWeights weights;
        private final Tensor dExpertX;
        private final Tensor dExpertY;
        private final FeedForwardWeights dWeights;
        private final Cost forwardCost;
        private final Cost forwardBackwardCost;

        Operands(Room room, int N, int C, int F, int E, Load load) {
            this.experts = room.kernels().expertFeedForward();
            this.gating = Gating.dropless(room, N, E, load);
            this.F = F;
            this.expertY = room.activation("expertY", gating.R(), C);
            this.preActivation = room.activation("preActivation", gating.R(), F);
            this.saved = Optional.of(preActivation);
            this.x = room.activation("x", N, C);
            this.weights = room.experts(C, F, E);
            this.dExpertX = room.activation("dExpertX", gating.R(), C);
            this.dExpertY = room.activation("dExpertY", gating.R(), C);
            this.dWeights = room.expertGradients(C, F, E);
            double flop = 4.0 * gating.owned() * C * F;
            int touched = (int) gating.touched();
            // of experts that have tokens
            var matrices =
                    List.of(weights.up().slice(0, touched), weights.down().slice(0, touched));
            this.forwardCost = Cost.of(flop, List.of(x), List.of(expertY)).plus(Cost.of(0, matrices, List.of()));
            this.forwardBackwardCost = forwardCost
                    .plus(Cost.of(2 * flop, List.of(dExpertY, x), List.of(dExpertX)))
                    .plus(Cost.of(0, matrices, List.of()))
                    .plus(Cost.of(0, matrices, matrices));
        }

        void forward(Optional<Tensor> saved) {
            experts.forward(expertY, saved, x, weights, gating.rows(), gating.K(), GeluForm.ERF);
        }

        void backward() {
            experts.backward(
                    dExpertX, dWeights, dExpertY, preActivation, x, weights, gating.rows(), gating.K(), GeluForm.ERF);
        }

        @Override
        public void run() {
            forward(saved);
            backward();
        }

        @Override
        public List<Tensor> results() {
            return List.of(expertY, dExpertX, dWeights.up(), dWeights.upBias(), dWeights.down(), dWeights.downBias());
        }

        @Override
        public int terms() {
            return F;
        }
    }

    /// Checks, then sets up.
    @Setup
    public void setUp() {
        int[] extents = extents(size);
        operands = prepare(
                room -> new Operands(room, 50, 33, 131, 5, load),
                room -> new Operands(room, extents[0], extents[1], extents[2], experts, load));
    }

    /// As in evaluation: nothing saved.
    @Benchmark
    public void forward(Work work) {
        operands.forward(Optional.empty());
        done(work, operands.forwardCost);
    }

    /// As in training; a backward alone would find the activations it reads overwritten.
    @Benchmark
    public void forwardBackward(Work work) {
        operands.run();
        done(work, operands.forwardBackwardCost);
    }
}
