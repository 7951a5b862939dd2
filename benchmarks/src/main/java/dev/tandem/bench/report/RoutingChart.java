package dev.tandem.bench.report;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.knowm.xchart.XYChart;

/// Time of the gate and of moving rows, for each token, against the number of experts: the gate's softmax has to read
/// a logit of each, rows should not know of them.
final class RoutingChart {
    private static final Pattern ROUTING = Pattern.compile("(Gate|Dispatch)\\..*");
    private static final double NANO = 1e-9;

    private RoutingChart() {}

    /// None where no two measurements differ in experts alone.
    static Optional<XYChart> of(List<Measurement> measurements) {
        var lines = new LinkedHashMap<String, SortedMap<Integer, Double>>();
        for (var measurement : measurements) {
            String size = measurement.parameters().getOrDefault("size", "");
            int last = size.lastIndexOf('x');
            if (ROUTING.matcher(measurement.name()).matches() && last > 0) {
                int tokens = Integer.parseInt(size.substring(0, size.indexOf('x')));
                int experts = Integer.parseInt(size.substring(last + 1));
                lines.computeIfAbsent(measurement.name() + ", " + size.substring(0, last), _ -> new TreeMap<>())
                        .put(experts, measurement.seconds().median() / tokens / NANO);
            }
        }
        lines.values().removeIf(line -> line.size() < 2);
        return lines.isEmpty()
                ? Optional.empty()
                : Optional.of(LineChart.logarithmic(
                        "Routing: time of each token against the number of experts", "ns per token", lines));
    }
}
