package dev.tandem.lab.gpu;

import dev.tandem.lab.report.Fields;
import dev.tandem.lab.report.JsonReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// One benchmark with one set of parameters, from JMH's results.
///
/// @param name class and method
/// @param parameters without that of the backend
/// @param median seconds of one call
/// @param p10 10th percentile
/// @param p90 90th percentile
/// @param flop of one call
/// @param bytes that one call reads and writes
record Measurement(
        String name, Map<String, String> parameters, double median, double p10, double p90, double flop, double bytes) {
    /// Reads a results file of JMH.
    static List<Measurement> read(Path file) throws IOException {
        List<Measurement> measurements = new ArrayList<>();
        if (JsonReader.read(file) instanceof List<?> results) {
            for (Object result : results) {
                measurements.add(of(new Tree(result)));
            }
        }
        return measurements;
    }

    private static Measurement of(Tree result) {
        String[] path = result.text("benchmark").split("\\.", -1);
        Map<String, String> parameters = new LinkedHashMap<>(result.strings("params"));
        parameters.remove("backend");
        double[] seconds = result.child("primaryMetric").numbers("rawData").stream()
                .mapToDouble(callsPerSecond -> 1 / callsPerSecond)
                .sorted()
                .toArray();
        double callsPerSecond = result.child("primaryMetric").number("score");
        Tree counters = result.child("secondaryMetrics");
        return new Measurement(
                path[path.length - 2] + "." + path[path.length - 1],
                parameters,
                percentile(seconds, 0.5),
                percentile(seconds, 0.1),
                percentile(seconds, 0.9),
                counters.child("flop").number("score") / callsPerSecond,
                (counters.child("read").number("score")
                                + counters.child("written").number("score")
                                + 2 * counters.child("updated").number("score"))
                        / callsPerSecond);
    }

    private static double percentile(double[] sorted, double share) {
        return sorted.length == 0 ? Double.NaN : sorted[(int) Math.round(share * (sorted.length - 1))];
    }

    double flops() {
        return flop / median;
    }

    double bytesPerSecond() {
        return bytes / median;
    }

    /// Part of the speed that the ceilings allow.
    double share(double ceilingFlops, double ceilingBytes) {
        return Math.max(flop / ceilingFlops, bytes / ceilingBytes) / median;
    }

    /// Parameters in one line.
    String details() {
        return parameters.entrySet().stream()
                .filter(entry -> !entry.getValue().equals("0"))
                .map(entry ->
                        entry.getKey().equals("size") ? entry.getValue() : entry.getKey() + " " + entry.getValue())
                .collect(Collectors.joining(", "));
    }

    boolean matches(String wantedName, String... wantedValues) {
        return name.equals(wantedName) && parameters.values().containsAll(Arrays.asList(wantedValues));
    }

    Map<String, Object> json() {
        return new Fields()
                .with("benchmark", name)
                .with("parameters", parameters)
                .with("medianSeconds", median)
                .with("p10Seconds", p10)
                .with("p90Seconds", p90)
                .with("flop", flop)
                .with("bytes", bytes)
                .with("flopsPerSecond", flops())
                .with("bytesPerSecond", bytesPerSecond())
                .map();
    }
}
