package dev.tandem.bench.kernel;

import dev.tandem.bench.BackendBenchmark;
import dev.tandem.bench.Problem;
import dev.tandem.bench.Room;
import dev.tandem.bench.Work;
import dev.tandem.bench.machine.Cost;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.GradientNorm;
import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/// How fast is the global norm of all gradients?
///
/// Bound by the bytes read.
public class GradientNormBenchmark extends BackendBenchmark {
    /// `rows x columns`.
    @Param({"8192x4096"})
    public String size = "";

    @SuppressWarnings("NullAway.Init")
    private Operands operands;

    /// Called by JMH.
    public GradientNormBenchmark() {}

    /// What one call works on.
    private static final class Operands implements Problem {
        private final GradientNorm gradientNorm;
        private final List<GradientNorm.Gradient> gradients;
        private final Tensor norm;
        private final Cost cost;

        Operands(Room room, int rows, int columns) {
            this.gradientNorm = room.kernels().gradientNorm();
            Tensor gradient = room.gradient("gradient", rows, columns);
            this.gradients = List.of(new GradientNorm.Gradient(gradient, 1));
            this.norm = room.floats("norm", 2);
            this.cost = Cost.of(2.0 * gradient.shape().elements(), List.of(gradient), List.of(norm));
        }

        @Override
        public void run() {
            gradientNorm.forward(norm, gradients, 1);
        }

        @Override
        public List<Tensor> results() {
            return List.of(norm);
        }

        @Override
        public int terms() {
            return (int) gradients.getFirst().tensor().shape().elements();
        }
    }

    /// Checks, then sets up.
    @Setup
    public void setUp() {
        int[] extents = extents(size);
        operands = prepare(room -> new Operands(room, 33, 129), room -> new Operands(room, extents[0], extents[1]));
    }

    /// Norm and clip factor.
    @Benchmark
    public void forward(Work work) {
        operands.run();
        done(work, operands.cost);
    }
}
