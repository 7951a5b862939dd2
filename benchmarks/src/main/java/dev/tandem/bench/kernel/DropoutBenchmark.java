package dev.tandem.bench.kernel;

import dev.tandem.bench.BackendBenchmark;
import dev.tandem.bench.Problem;
import dev.tandem.bench.Room;
import dev.tandem.bench.Work;
import dev.tandem.bench.machine.Cost;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Dropout;
import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/// How fast is dropout with its counter-based generator?
///
/// Bound by bytes, one read and one written per element, if the ten rounds of the generator were
/// free; they are not counted.
public class DropoutBenchmark extends BackendBenchmark {
    private static final long SEED = 7;
    private static final float PROBABILITY = 0.1f;

    /// `N x C`.
    @Param({"8192x768"})
    public String size = "";

    @SuppressWarnings("NullAway.Init")
    private Operands operands;

    /// Called by JMH.
    public DropoutBenchmark() {}

    /// What one call works on.
    private static final class Operands implements Problem {
        private final Dropout dropout;
        private final Tensor y;
        private final Tensor x;
        private final Cost cost;

        Operands(Room room, int N, int C) {
            this.dropout = room.kernels().dropout();
            this.y = room.activation("y", N, C);
            this.x = room.activation("x", N, C);
            this.cost = Cost.of((double) x.shape().elements(), List.of(x), List.of(y));
        }

        @Override
        public void run() {
            dropout.forward(y, x, PROBABILITY, SEED, 0);
        }

        @Override
        public List<Tensor> results() {
            return List.of(y);
        }

        @Override
        public int terms() {
            return 1;
        }
    }

    /// Checks, then sets up.
    @Setup
    public void setUp() {
        int[] extents = extents(size);
        operands = prepare(room -> new Operands(room, 9, 131), room -> new Operands(room, extents[0], extents[1]));
    }

    /// Drops and scales; the backward is the same map.
    @Benchmark
    public void forward(Work work) {
        operands.run();
        done(work, operands.cost);
    }
}
