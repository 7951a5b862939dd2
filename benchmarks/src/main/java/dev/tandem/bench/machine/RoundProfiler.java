package dev.tandem.bench.machine;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ScalarResult;

/// Measures the machine beside every iteration: its ceilings right after it, over as many bytes as
/// a call touches, and the processor time that others had meanwhile.
///
/// Ceilings drift – clocks, neighbours on the host – so only a ratio to ceilings of the same second
/// says something about the code.
public final class RoundProfiler implements InternalProfiler {
    /// Part of the attainable speed that was reached, 0 … 1.
    public static final String SHARE = "share";

    /// FLOP/s attainable.
    public static final String FLOPS = "ceilingFlops";

    /// Bytes per second attainable by reading.
    public static final String READ = "ceilingRead";

    /// Bytes per second attainable by copying.
    public static final String COPY = "ceilingCopy";

    /// Bytes per second attainable by writing.
    public static final String WRITE = "ceilingWrite";

    /// Bytes per second attainable by updating in place.
    public static final String UPDATE = "ceilingUpdate";

    /// Seconds until one thread sees what another has written.
    public static final String HANDOVER = "handover";

    /// Share of the processors' time that other processes had.
    public static final String FOREIGN = "foreign";

    /// Share of the processors' time that the host of this virtual machine took away.
    public static final String STOLEN = "stolen";

    private Optional<ProcessorTime> begin = Optional.empty();
    private Optional<CeilingProbe> probe = Optional.empty();

    /// Called by JMH.
    public RoundProfiler() {}

    @Override
    public String getDescription() {
        return "ceilings of the machine and foreign load, measured beside every iteration";
    }

    @Override
    public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {
        begin = ProcessorTime.now();
    }

    @Override
    public Collection<? extends Result<?>> afterIteration(
            BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
        var results = new ArrayList<Result<?>>(load());
        if (CeilingProbe.measures(benchmark.getParam("backend"))) {
            results.addAll(ceilings(benchmark, result));
        }
        return results;
    }

    private List<Result<?>> load() {
        var end = ProcessorTime.now();
        if (begin.isEmpty() || end.isEmpty()) {
            return List.of();
        }
        int processors = Runtime.getRuntime().availableProcessors();
        return List.of(
                scalar(FOREIGN, end.get().foreignSince(begin.get(), processors), "of CPU time"),
                scalar(STOLEN, end.get().stolenSince(begin.get(), processors), "of CPU time"));
    }

    private List<Result<?>> ceilings(BenchmarkParams benchmark, IterationResult result) {
        double calls = result.getPrimaryResult().getScore();
        var cost = new Cost(
                perCall(result, "flop", calls),
                perCall(result, "read", calls),
                perCall(result, "written", calls),
                perCall(result, "updated", calls),
                perCall(result, "footprint", calls));
        if (probe.isEmpty()) {
            int threads = Integer.parseInt(benchmark.getParam("threads"));
            probe = Optional.of(
                    new CeilingProbe(threads == 0 ? Runtime.getRuntime().availableProcessors() : threads));
        }
        Ceilings ceilings = probe.get().measure(cost.footprint());
        return List.of(
                scalar(SHARE, ceilings.seconds(cost) * calls, "of attainable"),
                scalar(FLOPS, ceilings.flops(), "FLOP/s"),
                scalar(READ, ceilings.readBytes(), "B/s"),
                scalar(COPY, ceilings.copyBytes(), "B/s"),
                scalar(WRITE, ceilings.writeBytes(), "B/s"),
                scalar(UPDATE, ceilings.updateBytes(), "B/s"),
                scalar(HANDOVER, ceilings.handover(), "s"));
    }

    private static double perCall(IterationResult result, String counter, double calls) {
        Result<?> counted = result.getSecondaryResults().get(counter);
        return counted == null ? 0 : counted.getScore() / calls;
    }

    private static Result<?> scalar(String label, double value, String unit) {
        return new ScalarResult(label, value, unit, AggregationPolicy.AVG);
    }
}
