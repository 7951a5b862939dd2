package dev.tandem.bench.report;

import dev.tandem.bench.machine.Ceilings;
import dev.tandem.bench.machine.Cost;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/// Reports to test with.
final class Sample {
    static final Ceilings CEILINGS = new Ceilings(100e9, 10e9, 8e9, 4e9, 16e9, 40e-9);
    static final StartUp TRAINING = start(StartUp.Kind.TRAINING, OptionalDouble.of(600 << 20));
    static final StartUp FORWARD = start(StartUp.Kind.FORWARD, OptionalDouble.empty());
    static final Cost PRODUCT = new Cost(50e9, 1e6, 1e6, 0);

    private Sample() {}

    static Report report(Measurement... measurements) {
        return report(List.of(TRAINING, FORWARD), measurements);
    }

    static Report report(List<StartUp> starts, Measurement... measurements) {
        return new Report(
                Map.of("commit", "abc"),
                List.of(new Machine(1, CEILINGS, CEILINGS, CEILINGS), new Machine(2, CEILINGS, CEILINGS, CEILINGS)),
                List.of(measurements),
                starts,
                new PeerReport(
                        List.of(
                                peer("Linear.forward", PeerResult.ALONE, 0.17, 0.18, 0.38),
                                peer("Linear.forward", "Other", 0.2, 0.4, 0.6)),
                        Map.of("Other", "1.0"),
                        Map.of("Third", "it is not for this machine")),
                Map.of());
    }

    /// Beside Tandem, whose rounds took 0.1, 0.1 and 0.2 seconds, and beside other processes.
    static PeerResult peer(String question, String library, double... seconds) {
        return new PeerResult(
                question,
                "8x8x8",
                2,
                library,
                1e9,
                new Samples(seconds),
                new Samples(0.1, 0.1, 0.2),
                Optional.of(new Samples(0.91, 0.92, 0.93)),
                0.2);
    }

    /// As it was, with no other processes beside.
    static PeerResult calm(PeerResult disturbed) {
        return new PeerResult(
                disturbed.question(),
                disturbed.details(),
                disturbed.threads(),
                disturbed.library(),
                disturbed.flop(),
                disturbed.seconds(),
                disturbed.ours(),
                disturbed.share(),
                0);
    }

    private static StartUp start(StartUp.Kind kind, OptionalDouble peak) {
        return new StartUp(kind, "SMALL_MOE", 2, 3.5, 5.25, 0.2, 2048, 400 << 20, 100 << 20, peak);
    }

    static Measurement product(Map<String, String> parameters, double... seconds) {
        double attainable = CEILINGS.seconds(PRODUCT);
        return new Measurement(
                "LinearBenchmark.forward",
                parameters,
                PRODUCT,
                new Samples(seconds),
                Optional.of(new Samples(
                        Arrays.stream(seconds).map(time -> attainable / time).toArray())),
                Optional.of(CEILINGS),
                OptionalDouble.of(24),
                0.01,
                0);
    }

    static Measurement product(double... seconds) {
        return product(Map.of("backend", "cpu-vector", "size", "8x8x8", "threads", "0"), seconds);
    }

    /// As it was, beside other processes.
    static Measurement disturbed(Measurement calm) {
        return new Measurement(
                calm.benchmark(),
                calm.parameters(),
                calm.cost(),
                calm.seconds(),
                calm.share(),
                calm.ceilings(),
                calm.heap(),
                0.3,
                0);
    }
}
