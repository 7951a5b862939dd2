package dev.tandem.bench.kernel;

import dev.tandem.bench.BackendBenchmark;
import dev.tandem.bench.Problem;
import dev.tandem.bench.Room;
import dev.tandem.bench.Work;
import dev.tandem.bench.machine.Cost;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.AdamW;
import dev.tandem.gpt.Precision;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/// How fast is one parameter updated?
///
/// Bound by bytes: four read and three written per parameter, in one pass.
public class AdamWBenchmark extends BackendBenchmark {
    private static final long SEED = 7;
    private static final long STEP = 100;
    private static final float RATE = 1e-4f;
    private static final float DECAY = 0.01f;
    private static final double FLOP = 14; // per parameter, by the formula

    /// `out x in`.
    @Param({"4096x4096", "768x3072"})
    public String size = "";

    @SuppressWarnings("NullAway.Init")
    private Operands operands;

    /// Called by JMH.
    public AdamWBenchmark() {}

    /// What one call works on.
    private static final class Operands implements Problem {
        private final AdamW adamW;
        private final Tensor parameter;
        private final Optional<Tensor> working;
        private final Tensor m;
        private final Tensor v;
        private final Tensor gradient;
        private final Tensor norm;
        private final Cost cost;

        Operands(Room room, int out, int in) {
            this.adamW = room.kernels().adamW();
            this.parameter = room.gradient("parameter", out, in);
            this.working =
                    room.precision() == Precision.F32 ? Optional.empty() : Optional.of(room.weight("working", out, in));
            this.m = room.gradient("m", out, in);
            this.v = room.gradient("v", out, in);
            room.kernels().fill().uniform(v, 1e-4f, 1e-3f, SEED, 0); // squares are positive
            this.gradient = room.gradient("gradient", out, in);
            this.norm = room.floats("norm", 2);
            room.kernels().fill().constant(norm, 1);
            this.cost = Cost.of(FLOP * parameter.shape().elements(), List.of(parameter, m, v, gradient), results());
        }

        @Override
        public void run() {
            adamW.update(parameter, working, m, v, gradient, norm, AdamW.Moments.PAPER, RATE, DECAY, 1, STEP);
        }

        @Override
        public List<Tensor> results() {
            return Stream.concat(Stream.of(parameter, m, v), working.stream()).toList();
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
        operands = prepare(room -> new Operands(room, 33, 129), room -> new Operands(room, extents[0], extents[1]));
    }

    /// Moments, decay and update.
    @Benchmark
    public void update(Work work) {
        operands.run();
        done(work, operands.cost);
    }
}
