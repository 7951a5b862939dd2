package dev.tandem.bench.kernel;

import dev.tandem.bench.BackendBenchmark;
import dev.tandem.bench.Problem;
import dev.tandem.bench.Room;
import dev.tandem.bench.Work;
import dev.tandem.bench.machine.Cost;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.LayerNorm;
import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/// How fast are rows normalized, and how fast are the gradients?
///
/// Bound by bytes: forward reads and writes each element once, backward reads two and writes one.
public class LayerNormBenchmark extends BackendBenchmark {
    private static final float EPSILON = 1e-5f;

    // Per element, by the formulas: sum, difference, square and sum, scale, gain and bias; and their gradients.
    private static final double FORWARD_FLOP = 7;
    private static final double BACKWARD_FLOP = 14;

    /// `N x C`; the last has 256 MiB in each tensor, which come from memory.
    @Param({"8192x768", "2048x2048", "64x768", "32768x2048"})
    public String size = "";

    @SuppressWarnings("NullAway.Init")
    private Operands operands;

    /// Called by JMH.
    public LayerNormBenchmark() {}

    /// What one call works on.
    private static final class Operands implements Problem {
        private final LayerNorm layerNorm;
        private final int C;
        private final Tensor y;
        private final LayerNorm.Saved saved;
        private final Tensor x;
        private final Tensor gain;
        private final Tensor bias;
        private final Tensor dx;
        private final Tensor dGain;
        private final Tensor dBias;
        private final Tensor dy;
        private final Cost forwardCost;
        private final Cost backwardCost;

        Operands(Room room, int N, int C) {
            this.layerNorm = room.kernels().layerNorm();
            this.C = C;
            this.y = room.activation("y", N, C);
            this.saved = new LayerNorm.Saved(room.floats("mean", N), room.floats("rstd", N));
            this.x = room.activation("x", N, C);
            this.gain = room.state("gain", C);
            this.bias = room.state("bias", C);
            this.dx = room.activation("dx", N, C);
            this.dGain = room.state("dGain", C);
            this.dBias = room.state("dBias", C);
            this.dy = room.activation("dy", N, C);
            double elements = x.shape().elements();
            this.forwardCost = Cost.of(FORWARD_FLOP * elements, List.of(x), List.of(y));
            this.backwardCost = Cost.of(BACKWARD_FLOP * elements, List.of(x, dy), List.of(dx));
        }

        void forward() {
            layerNorm.forward(y, saved, x, gain, bias, EPSILON);
        }

        void backward() {
            layerNorm.backward(dx, dGain, dBias, dy, saved, x, gain);
        }

        @Override
        public void run() {
            forward();
            backward();
        }

        @Override
        public List<Tensor> results() {
            return List.of(y, saved.mean(), saved.rstd(), dx, dGain, dBias);
        }

        @Override
        public int terms() {
            return C;
        }
    }

    /// Checks, then sets up.
    @Setup
    public void setUp() {
        int[] extents = extents(size);
        operands = prepare(room -> new Operands(room, 33, 131), room -> new Operands(room, extents[0], extents[1]));
    }

    /// Normalizes.
    @Benchmark
    public void forward(Work work) {
        operands.forward();
        done(work, operands.forwardCost);
    }

    /// All three gradients.
    @Benchmark
    public void backward(Work work) {
        operands.backward();
        done(work, operands.backwardCost);
    }
}
