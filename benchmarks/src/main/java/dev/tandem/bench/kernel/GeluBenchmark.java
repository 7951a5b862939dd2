package dev.tandem.bench.kernel;

import dev.tandem.bench.BackendBenchmark;
import dev.tandem.bench.Problem;
import dev.tandem.bench.Room;
import dev.tandem.bench.Work;
import dev.tandem.bench.machine.Cost;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Gelu;
import dev.tandem.engine.kernel.GeluForm;
import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/// How fast is the activation where it is not fused with a product?
///
/// Bound by bytes: one read and one written per element, backward two read.
public class GeluBenchmark extends BackendBenchmark {
    // Per element, by the formulas; erf, tanh and exp count as one.
    private static final double FORWARD_FLOP = 5;
    private static final double BACKWARD_FLOP = 10;

    /// `rows x columns`; the last has 256 MiB in each tensor, which come from memory.
    @Param({"2048x3072", "64x3072", "32768x2048"})
    public String size = "";

    /// Which of the two functions.
    @Param({"ERF", "TANH"})
    public GeluForm form = GeluForm.ERF;

    @SuppressWarnings("NullAway.Init")
    private Operands operands;

    /// Called by JMH.
    public GeluBenchmark() {}

    /// What one call works on.
    private static final class Operands implements Problem {
        private final Gelu gelu;
        private final GeluForm form;
        private final Tensor y;
        private final Tensor x;
        private final Tensor dx;
        private final Tensor dy;
        private final Cost forwardCost;
        private final Cost backwardCost;

        Operands(Room room, GeluForm form, int rows, int columns) {
            this.gelu = room.kernels().gelu();
            this.form = form;
            this.y = room.activation("y", rows, columns);
            this.x = room.activation("x", rows, columns);
            this.dx = room.activation("dx", rows, columns);
            this.dy = room.activation("dy", rows, columns);
            double elements = x.shape().elements();
            this.forwardCost = Cost.of(FORWARD_FLOP * elements, List.of(x), List.of(y));
            this.backwardCost = Cost.of(BACKWARD_FLOP * elements, List.of(x, dy), List.of(dx));
        }

        void forward() {
            gelu.forward(y, x, form);
        }

        void backward() {
            gelu.backward(dx, dy, x, form);
        }

        @Override
        public void run() {
            forward();
            backward();
        }

        @Override
        public List<Tensor> results() {
            return List.of(y, dx);
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
        operands = prepare(
                room -> new Operands(room, form, 9, 131), room -> new Operands(room, form, extents[0], extents[1]));
    }

    /// `y = gelu(x)`
    @Benchmark
    public void forward(Work work) {
        operands.forward();
        done(work, operands.forwardCost);
    }

    /// `dx = dy · gelu'(x)`
    @Benchmark
    public void backward(Work work) {
        operands.backward();
        done(work, operands.backwardCost);
    }
}
