package dev.tandem.bench.kernel;

import dev.tandem.bench.BackendBenchmark;
import dev.tandem.bench.Problem;
import dev.tandem.bench.Room;
import dev.tandem.bench.Work;
import dev.tandem.bench.machine.Cost;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Add;
import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/// How fast is the residual sum?
///
/// Bound by bytes: two read and one written per element.
public class AddBenchmark extends BackendBenchmark {
    /// `N x C`.
    @Param({"8192x768", "64x768"})
    public String size = "";

    @SuppressWarnings("NullAway.Init")
    private Operands operands;

    /// Called by JMH.
    public AddBenchmark() {}

    /// What one call works on.
    private static final class Operands implements Problem {
        private final Add add;
        private final Tensor y;
        private final Tensor a;
        private final Tensor b;
        private final Cost cost;

        Operands(Room room, int N, int C) {
            this.add = room.kernels().add();
            this.y = room.activation("y", N, C);
            this.a = room.activation("a", N, C);
            this.b = room.activation("b", N, C);
            this.cost = Cost.of((double) y.shape().elements(), List.of(a, b), List.of(y));
        }

        @Override
        public void run() {
            add.forward(y, a, b);
        }

        @Override
        public List<Tensor> results() {
            return List.of(y);
        }

        @Override
        public int terms() {
            return 2;
        }
    }

    /// Checks, then sets up.
    @Setup
    public void setUp() {
        int[] extents = extents(size);
        operands = prepare(room -> new Operands(room, 9, 131), room -> new Operands(room, extents[0], extents[1]));
    }

    /// `y = a + b`
    @Benchmark
    public void forward(Work work) {
        operands.run();
        done(work, operands.cost);
    }
}
