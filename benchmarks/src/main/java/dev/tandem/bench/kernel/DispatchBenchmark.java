package dev.tandem.bench.kernel;

import dev.tandem.bench.BackendBenchmark;
import dev.tandem.bench.Gating;
import dev.tandem.bench.Load;
import dev.tandem.bench.Problem;
import dev.tandem.bench.Room;
import dev.tandem.bench.Work;
import dev.tandem.bench.machine.Cost;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Dispatch;
import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/// How fast do tokens move to expert rows and back?
///
/// Bound by bytes: a copy of each served row, K times per token, however many experts there are.
public class DispatchBenchmark extends BackendBenchmark {
    /// `N x C x E`.
    @Param({"2048x512x16", "2048x512x8", "2048x512x64", "2048x512x512", "2048x768x512", "16384x768x16"})
    public String size = "";

    @SuppressWarnings("NullAway.Init")
    private Operands operands;

    /// Called by JMH.
    public DispatchBenchmark() {}

    /// What one call works on.
    private static final class Operands implements Problem {
        private final Dispatch dispatch;
        private final Gating gating;
        private final Tensor x;
        private final Tensor y;
        private final Tensor expertX;
        private final Tensor expertY;
        private final Tensor dx;
        private final Tensor dExpertY;
        private final Tensor dWeight;
        private final Tensor dy;
        private final Cost scatterCost;
        private final Cost scatterBackwardCost;
        private final Cost gatherCost;
        private final Cost gatherBackwardCost;

        Operands(Room room, int N, int C, int E) {
            this.dispatch = room.kernels().dispatch();
            this.gating = Gating.dropless(room, N, E, Load.EVEN);
            this.x = room.activation("x", N, C);
            this.y = room.activation("y", N, C);
            this.expertX = room.activation("expertX", gating.R(), C);
            this.expertY = room.activation("expertY", gating.R(), C);
            this.dx = room.activation("dx", N, C);
            this.dExpertY = room.activation("dExpertY", gating.R(), C);
            this.dWeight = room.floats("dWeight", N, gating.K());
            this.dy = room.activation("dy", N, C);
            double elements = expertX.shape().elements();
            this.scatterCost = Cost.of(0, List.of(x), List.of(expertX));
            this.scatterBackwardCost = Cost.of(elements, List.of(expertX), List.of(dx));
            this.gatherCost = Cost.of(2 * elements, List.of(expertY), List.of(y));
            this.gatherBackwardCost = Cost.of(3 * elements, List.of(dy, expertY), List.of(dExpertY));
        }

        void scatter() {
            dispatch.scatter(expertX, x, gating.routing(), gating.rows());
        }

        void scatterBackward() {
            dispatch.scatterBackward(dx, expertX, gating.routing(), gating.rows());
        }

        void gather() {
            dispatch.gather(y, expertY, gating.routing(), gating.rows());
        }

        void gatherBackward() {
            dispatch.gatherBackward(dExpertY, dWeight, dy, expertY, gating.routing(), gating.rows());
        }

        @Override
        public void run() {
            scatter();
            scatterBackward();
            gather();
            gatherBackward();
        }

        @Override
        public List<Tensor> results() {
            return List.of(expertX, dx, y, dExpertY, dWeight);
        }

        @Override
        public int terms() {
            return x.shape().last();
        }
    }

    /// Checks, then sets up.
    @Setup
    public void setUp() {
        int[] extents = extents(size);
        operands = prepare(
                room -> new Operands(room, 50, 33, 7), room -> new Operands(room, extents[0], extents[1], extents[2]));
    }

    /// Tokens to expert rows.
    @Benchmark
    public void scatter(Work work) {
        operands.scatter();
        done(work, operands.scatterCost);
    }

    /// Gradients of tokens from those of expert rows.
    @Benchmark
    public void scatterBackward(Work work) {
        operands.scatterBackward();
        done(work, operands.scatterBackwardCost);
    }

    /// Weighted sum of expert rows.
    @Benchmark
    public void gather(Work work) {
        operands.gather();
        done(work, operands.gatherCost);
    }

    /// Gradients of expert rows and of weights.
    @Benchmark
    public void gatherBackward(Work work) {
        operands.gatherBackward();
        done(work, operands.gatherBackwardCost);
    }
}
