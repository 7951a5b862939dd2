package dev.tandem.bench.kernel;

import dev.tandem.bench.BackendBenchmark;
import dev.tandem.bench.Problem;
import dev.tandem.bench.Room;
import dev.tandem.bench.Work;
import dev.tandem.bench.machine.Cost;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Fill;
import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/// How fast are parameters initialised?
///
/// Bound by the bytes written; the random values cost arithmetic too, which is not counted.
public class FillBenchmark extends BackendBenchmark {
    private static final long SEED = 7;

    /// `rows x columns`.
    @Param({"4096x4096"})
    public String size = "";

    @SuppressWarnings("NullAway.Init")
    private Operands operands;

    /// Called by JMH.
    public FillBenchmark() {}

    /// What one call works on.
    private static final class Operands implements Problem {
        private final Fill fill;
        private final Tensor constant;
        private final Tensor normal;
        private final Cost constantCost;
        private final Cost normalCost;

        Operands(Room room, int rows, int columns) {
            this.fill = room.kernels().fill();
            this.constant = room.activation("constant", rows, columns);
            this.normal = room.weight("normal", rows, columns);
            this.constantCost = Cost.of(0, List.of(), List.of(constant));
            this.normalCost = Cost.of(0, List.of(), List.of(normal));
        }

        void constant() {
            fill.constant(constant, 0.5);
        }

        void normal() {
            fill.normal(normal, 0, 0.02f, SEED, 0);
        }

        @Override
        public void run() {
            constant();
            normal();
        }

        @Override
        public List<Tensor> results() {
            return List.of(constant, normal);
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
        operands = prepare(room -> new Operands(room, 33, 129), room -> new Operands(room, extents[0], extents[1]));
    }

    /// One value, as gradients are cleared.
    @Benchmark
    public void constant(Work work) {
        operands.constant();
        done(work, operands.constantCost);
    }

    /// Normal values, as weights begin.
    @Benchmark
    public void normal(Work work) {
        operands.normal();
        done(work, operands.normalCost);
    }
}
