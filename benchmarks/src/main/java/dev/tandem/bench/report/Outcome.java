package dev.tandem.bench.report;

import dev.tandem.bench.machine.Ceilings;
import dev.tandem.bench.machine.Cost;
import dev.tandem.bench.machine.RoundProfiler;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;

/// Reads a [Measurement] out of JMH's results.
public final class Outcome {
    private static final String HEAP_PER_CALL = "gc.alloc.rate.norm"; // by JMH's profiler

    private Outcome() {}

    /// Every iteration of every fork is a round.
    public static Measurement of(RunResult result, Map<String, String> parameters) {
        List<IterationResult> rounds = result.getBenchmarkResults().stream()
                .flatMap(fork -> fork.getIterationResults().stream())
                .toList();
        String[] path = result.getParams().getBenchmark().split("\\.", -1);
        boolean known = secondary(rounds.getFirst(), RoundProfiler.SHARE).isPresent();
        return new Measurement(
                path[path.length - 2] + "." + path[path.length - 1],
                parameters,
                new Cost(
                        perCall(rounds.getFirst(), "flop"),
                        perCall(rounds.getFirst(), "read"),
                        perCall(rounds.getFirst(), "written"),
                        perCall(rounds.getFirst(), "updated"),
                        perCall(rounds.getFirst(), "footprint")),
                new Samples(rounds.stream()
                        .mapToDouble(round -> 1 / round.getPrimaryResult().getScore())
                        .toArray()),
                known ? Optional.of(samples(rounds, RoundProfiler.SHARE)) : Optional.empty(),
                known ? Optional.of(ceilings(rounds)) : Optional.empty(),
                heap(rounds),
                samples(rounds, RoundProfiler.FOREIGN).max(),
                samples(rounds, RoundProfiler.STOLEN).max());
    }

    private static Ceilings ceilings(List<IterationResult> rounds) {
        return new Ceilings(
                samples(rounds, RoundProfiler.FLOPS).median(),
                samples(rounds, RoundProfiler.READ).median(),
                samples(rounds, RoundProfiler.COPY).median(),
                samples(rounds, RoundProfiler.WRITE).median(),
                samples(rounds, RoundProfiler.UPDATE).median(),
                samples(rounds, RoundProfiler.HANDOVER).median());
    }

    private static OptionalDouble heap(List<IterationResult> rounds) {
        return secondary(rounds.getFirst(), HEAP_PER_CALL).isPresent()
                ? OptionalDouble.of(samples(rounds, HEAP_PER_CALL).median())
                : OptionalDouble.empty();
    }

    private static double perCall(IterationResult round, String counter) {
        return secondary(round, counter).orElse(0.0) / round.getPrimaryResult().getScore();
    }

    private static Samples samples(List<IterationResult> rounds, String label) {
        return new Samples(rounds.stream()
                .mapToDouble(round -> secondary(round, label).orElse(0.0))
                .toArray());
    }

    private static Optional<Double> secondary(IterationResult round, String label) {
        return Optional.ofNullable(round.getSecondaryResults().get(label)).map(found -> found.getScore());
    }
}
