package dev.tandem.bench.step;

import dev.tandem.bench.BackendBenchmark;
import dev.tandem.bench.Problem;
import dev.tandem.bench.Room;
import dev.tandem.bench.Work;
import dev.tandem.bench.machine.Cost;
import dev.tandem.engine.Tensor;
import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Setup;

/// What does it cost to start an operation on a device?
///
/// Sums of a few numbers, enqueued one behind the other and awaited together. Bound by the host's calls, or by the time
/// that a device takes for the smallest kernel, whichever is longer.
public class LaunchBenchmark extends BackendBenchmark {
    private static final int LAUNCHES = 512;
    private static final int FEW = 64;

    @SuppressWarnings("NullAway.Init")
    private Sum sum;

    /// Called by JMH.
    public LaunchBenchmark() {}

    private static final class Sum implements Problem {
        private final Room room;
        private final Tensor y;
        private final Tensor x;
        private final Cost cost;

        Sum(Room room) {
            this.room = room;
            this.y = room.activation("y", FEW);
            this.x = room.activation("x", FEW);
            this.cost = Cost.of(FEW, List.of(x), List.of(y));
        }

        @Override
        public void run() {
            room.kernels().add().forward(y, x, x);
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
        sum = prepare(Sum::new, Sum::new);
    }

    /// Many operations.
    @Benchmark
    @OperationsPerInvocation(LAUNCHES)
    public void launch(Work work) {
        for (int i = 0; i < LAUNCHES; i++) {
            sum.run();
        }
        done(work, sum.cost);
    }
}
