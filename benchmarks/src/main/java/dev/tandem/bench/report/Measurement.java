package dev.tandem.bench.report;

import dev.tandem.bench.machine.Ceilings;
import dev.tandem.bench.machine.Cost;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Collectors;

/// One benchmark with one set of parameters.
///
/// @param benchmark class and method, such as `LinearBenchmark.forward`
/// @param parameters of the benchmark
/// @param cost work of one call
/// @param seconds of one call, one sample per round
/// @param share part of the attainable speed, one sample per round; absent where ceilings are
/// unknown
/// @param ceilings medians of the ceilings measured beside the rounds; absent where unknown
/// @param heap bytes of the heap that a call allocates, the median over the rounds; absent where unknown
/// @param foreign largest share of processor time that other processes had in a round
/// @param stolen largest share of processor time that the host took away in a round
public record Measurement(
        String benchmark,
        Map<String, String> parameters,
        Cost cost,
        Samples seconds,
        Optional<Samples> share,
        Optional<Ceilings> ceilings,
        OptionalDouble heap,
        double foreign,
        double stolen) {
    /// Processor time of others above which a measurement is flagged.
    static final double DISTURBING = 0.05;

    private static final String GROUP_SUFFIX = "Benchmark.";

    /// FLOP/s.
    double flops() {
        return cost.flop() / seconds.median();
    }

    /// Bytes per second.
    double bytesPerSecond() {
        return cost.bytes() / seconds.median();
    }

    /// FLOPs per byte that must be moved.
    double intensity() {
        return cost.flop() / cost.bytes();
    }

    /// Whether others used the processors meanwhile.
    boolean disturbed() {
        return foreign > DISTURBING || stolen > DISTURBING;
    }

    /// Whether FLOP/s say more about it than bytes per second.
    boolean computes() {
        return ceilings.map(machine -> !machine.boundByMemory(cost)).orElse(cost.flop() > cost.bytes());
    }

    /// `Linear.forward`.
    String name() {
        return benchmark.replace(GROUP_SUFFIX, ".");
    }

    /// Parameters that tell measurements of a benchmark apart: all but the backend and automatic
    /// threads.
    String details() {
        return parameters.entrySet().stream()
                .filter(entry -> !entry.getKey().equals("backend"))
                .filter(entry ->
                        !(entry.getKey().equals("threads") && entry.getValue().equals("0")))
                .map(entry ->
                        entry.getKey().equals("size") ? entry.getValue() : entry.getKey() + " " + entry.getValue())
                .collect(Collectors.joining(", "));
    }

    Map<String, Object> json() {
        var json = new LinkedHashMap<String, Object>();
        json.put("benchmark", benchmark);
        json.put("parameters", parameters);
        json.put("flop", cost.flop());
        json.put("bytesRead", cost.read());
        json.put("bytesWritten", cost.written());
        json.put("bytesUpdated", cost.updated());
        json.put("footprint", cost.footprint());
        json.put("secondsPerCall", seconds.median());
        json.put("flopsPerSecond", flops());
        json.put("bytesPerSecond", bytesPerSecond());
        json.put("bound", computes() ? "compute" : "memory");
        share.ifPresent(samples -> json.put("share", samples.median()));
        ceilings.ifPresent(machine -> CeilingFields.put(json, "ceiling", machine));
        heap.ifPresent(bytes -> json.put("heap", bytes));
        json.put("foreign", foreign);
        json.put("stolen", stolen);
        json.put("disturbed", disturbed());
        json.put("seconds", seconds.values());
        share.ifPresent(samples -> json.put("shares", samples.values()));
        return json;
    }

    static Measurement of(Json json) {
        boolean known = json.field("shares").value() != null;
        var cost = new Cost(
                json.field("flop").number(),
                json.field("bytesRead").number(),
                json.field("bytesWritten").number(),
                json.field("bytesUpdated").number());
        return new Measurement(
                json.field("benchmark").string(),
                json.field("parameters").strings(),
                cost.over(json.field("footprint").optional().orElse(0)),
                Samples.of(json.field("seconds")),
                known ? Optional.of(Samples.of(json.field("shares"))) : Optional.empty(),
                known ? Optional.of(CeilingFields.of(json, "ceiling")) : Optional.empty(),
                json.field("heap").optional(),
                json.field("foreign").number(),
                json.field("stolen").number());
    }
}
