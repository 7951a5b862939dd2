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

    @SuppressWarnings("NullAway.Init")
    private Cost forward;

    @SuppressWarnings("NullAway.Init")
    private Cost backwardData;

    @SuppressWarnings("NullAway.Init")
    private Cost backwardWeight;

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

        /// FLOPs of one product of every row.
        double flop() {
            return 2.0 * gating.owned() * in * y.shape().last();
        }

        /// The matrices of experts that have tokens.
        List<Tensor> touched(Tensor matrices) {
            return List.of(matrices.slice(0, (int) gating.touched()));
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
        double flop = operands.flop();
        var weight = operands.touched(operands.weight);
        forward = Cost.of(flop, List.of(operands.x), List.of(operands.y)).plus(Cost.of(0, weight, List.of()));
        backwardData = Cost.of(flop, List.of(operands.dy), List.of(operands.dx)).plus(Cost.of(0, weight, List.of()));
        backwardWeight =
                Cost.of(flop, List.of(operands.x, operands.dy), List.of()).plus(Cost.of(0, weight, weight));
    }

    private Gating gating(Room room, int N) {
        return padded ? Gating.training(room, N, experts, load) : Gating.dropless(room, N, experts, load);
    }

    /// `y = x·Wᵀ + bias` per expert.
    @Benchmark
    public void forward(Work work) {
        operands.forward();
        done(work, forward);
    }

    /// `dx = dy·W` per expert.
    @Benchmark
    public void backwardData(Work work) {
        operands.backwardData();
        done(work, backwardData);
    }

    /// `dW += dyᵀ·x` per expert.
    @Benchmark
    public void backwardWeight(Work work) {
        operands.backwardWeight();
        done(work, backwardWeight);
    }
}
