package dev.tandem.bench.kernel;

import dev.tandem.bench.BackendBenchmark;
import dev.tandem.bench.Gating;
import dev.tandem.bench.Load;
import dev.tandem.bench.Problem;
import dev.tandem.bench.Room;
import dev.tandem.bench.Work;
import dev.tandem.bench.machine.Cost;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertLinear;
import java.util.List;
import java.util.Optional;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/// How fast are the products of all experts with their own rows, even and uneven?
///
/// Bound by FLOPs, `2·K·N·in·out`, while experts have tens of rows; by the bytes of the touched
/// weights below. Top-2; nothing dropped from compact rows, what the paper's capacity drops from padded ones.
public class ExpertLinearBenchmark extends BackendBenchmark {
    /// `N x in x out`.
    @Param({"2048x512x2048"})
    public String size = "";

    /// E.
    @Param({"32"})
    public int experts;

    /// How tokens spread over experts.
    @Param({"EVEN", "ZIPF", "ONE"})
    public Load load = Load.EVEN;

    /// Whether experts have rows of their own, as in training, rather than as many as tokens.
    @Param("false")
    public boolean padded;

    @SuppressWarnings("NullAway.Init")
    private Operands operands;

    /// Called by JMH.
    public ExpertLinearBenchmark() {}

    /// What one call works on.
    private static final class Operands implements Problem {
        private final ExpertLinear experts;
        private final Gating gating;
        private final int in;
        private final Tensor y;
        private final Tensor x;
        private final Tensor weight;
        private final Optional<Tensor> bias;
        private final Tensor dx;
        private final Tensor dWeight;
        private final Optional<Tensor> dBias;
        private final Tensor dy;
        private final Cost forwardCost;
        private final Cost backwardDataCost;
        private final Cost backwardWeightCost;

        Operands(Room room, int in, int out, int E, Gating gating) {
            this.experts = room.kernels().expertLinear();
            this.gating = gating;
            this.in = in;
            this.y = room.activation("y", gating.R(), out);
            this.x = room.activation("x", gating.R(), in);
            this.weight = room.weight("weight", E, out, in);
            this.bias = Optional.of(room.state("bias", E, out));
            this.dx = room.activation("dx", gating.R(), in);
            this.dWeight = room.gradient("dWeight", E, out, in);
            this.dBias = Optional.of(room.state("dBias", E, out));
            this.dy = room.activation("dy", gating.R(), out);
            double flop = 2.0 * gating.owned() * in * out;
            var matrices = List.of(weight.slice(0, (int) gating.touched())); // of experts that have tokens
            this.forwardCost = Cost.of(flop, List.of(x), List.of(y)).plus(Cost.of(0, matrices, List.of()));
            this.backwardDataCost = Cost.of(flop, List.of(dy), List.of(dx)).plus(Cost.of(0, matrices, List.of()));
            this.backwardWeightCost = Cost.of(flop, List.of(x, dy), List.of()).plus(Cost.of(0, matrices, matrices));
        }

        void forward() {
            experts.forward(y, x, weight, bias, gating.rows());
        }

        void backwardData() {
            experts.backwardData(dx, dy, weight, gating.rows());
        }

        void backwardWeight() {
            experts.backwardWeight(dWeight, dBias, dy, x, gating.rows());
        }

        @Override
        public void run() {
            forward();
            backwardData();
            backwardWeight();
        }

        @Override
        public List<Tensor> results() {
            return List.of(y, dx, dWeight, dBias.orElseThrow());
        }

        @Override
        public int terms() {
            return Math.max(in, y.shape().last());
        }
    }

    /// Checks, then sets up.
    @Setup
    public void setUp() {
        int[] extents = extents(size);
        operands = prepare(
                // compact, as rows that nobody owns may hold anything
                room -> new Operands(room, 33, 131, 5, Gating.dropless(room, 50, 5, load)),
                room -> new Operands(room, extents[1], extents[2], experts, gating(room, extents[0])));
    }

    private Gating gating(Room room, int N) {
        return padded ? Gating.training(room, N, experts, load) : Gating.dropless(room, N, experts, load);
    }

    /// `y = x·Wᵀ + bias` per expert.
    @Benchmark
    public void forward(Work work) {
        operands.forward();
        done(work, operands.forwardCost);
    }

    /// `dx = dy·W` per expert.
    @Benchmark
    public void backwardData(Work work) {
        operands.backwardData();
        done(work, operands.backwardDataCost);
    }

    /// `dW += dyᵀ·x` per expert.
    @Benchmark
    public void backwardWeight(Work work) {
        operands.backwardWeight();
        done(work, operands.backwardWeightCost);
    }
}
