package dev.tandem.bench;

import dev.tandem.bench.machine.Cost;
import dev.tandem.engine.Backend;
import dev.tandem.engine.BackendOptions;
import dev.tandem.engine.Backends;
import dev.tandem.gpt.Precision;
import dev.tandem.testkit.ReferenceBackend;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// What all benchmarks share: an open backend, operands of seeded values, results checked against
/// the float64 reference before anything is timed, and counted work.
///
/// JMH's unit is calls per second; the counters of [Work] make it FLOP/s and bytes per second. The
/// first value of each parameter is the one that a quick run measures.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(2)
@Warmup(iterations = 4, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
public abstract class BackendBenchmark {
    /// Name of the backend.
    @Param("cpu-vector")
    public String backend = "";

    /// Threads that compute; 0 is one per processor.
    @Param("0")
    public int threads;

    /// What activations and working weights are stored in. `tandem bench` measures F32 and does not name it.
    @Param("F32")
    public Precision precision = Precision.F32;

    // Held, because a logger nobody holds forgets its level.
    private final Logger engine = Logger.getLogger("dev.tandem.engine");
    private Optional<Backend> device = Optional.empty();

    /// Called by JMH.
    protected BackendBenchmark() {}

    /// Opens the backend, checks it on a small problem against the reference, and sets up the timed
    /// one.
    ///
    /// @throws IllegalStateException if a result of the small problem is wrong
    protected final <P extends Problem> P prepare(Function<Room, P> small, Function<Room, P> timed) {
        engine.setLevel(Level.WARNING); // which backend was opened need not be told by every fork
        Backend opened = backend.equals(ReferenceBackend.NAME)
                ? ReferenceBackend.open()
                : Backends.open(backend, new BackendOptions(threads));
        device = Optional.of(opened);
        try (Backend reference = ReferenceBackend.open();
                Room tried = new Room(opened, precision);
                Room trusted = new Room(reference, precision)) {
            Agreement.require(small.apply(tried), small.apply(trusted), precision);
        }
        return timed.apply(new Room(opened, precision));
    }

    /// Waits for the call that was timed, and counts it.
    protected final void done(Work work, Cost cost) {
        device.orElseThrow().synchronize();
        work.add(cost);
    }

    /// The numbers of a size such as `2048x768x3072`.
    protected static int[] extents(String size) {
        return Arrays.stream(size.split("x", -1)).mapToInt(Integer::parseInt).toArray();
    }

    /// Closes the backend.
    @TearDown
    public final void close() {
        device.ifPresent(Backend::close);
    }
}
