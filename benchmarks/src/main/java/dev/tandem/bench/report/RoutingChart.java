package dev.tandem.bench.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;

/// Time of the gate and of moving rows, for each token, against the number of experts: the gate's softmax has to read
/// a logit of each, rows should not know of them.
final class RoutingChart {
    private static final Pattern ROUTING = Pattern.compile("(Gate|Dispatch)\\..*");
    private static final double NANO = 1e-9;
    private static final double HEADROOM = 2;

    private RoutingChart() {}

    /// None where no two measurements differ in experts alone.
    static Optional<XYChart> of(List<Measurement> measurements) {
        var lines = new LinkedHashMap<String, Map<Integer, Double>>();
        for (var measurement : measurements) {
            String size = measurement.parameters().getOrDefault("size", "");
            if (ROUTING.matcher(measurement.name()).matches() && size.contains("x")) {
                int tokens = Integer.parseInt(size.substring(0, size.indexOf('x')));
                int experts = Integer.parseInt(size.substring(size.lastIndexOf('x') + 1));
                lines.computeIfAbsent(
                                "%s, %s".formatted(measurement.name(), size.substring(0, size.lastIndexOf('x'))),
                                _ -> new TreeMap<>())
                        .put(experts, measurement.seconds().median() / tokens / NANO);
            }
        }
        lines.values().removeIf(line -> line.size() < 2);
        return lines.isEmpty() ? Optional.empty() : Optional.of(chart(lines));
    }

    private static XYChart chart(Map<String, Map<Integer, Double>> lines) {
        var chart = new XYChartBuilder()
                .width(PlotStyle.WIDTH)
                .height(PlotStyle.HEIGHT)
                .title("Routing: time of each token against the number of experts")
                .xAxisTitle("experts")
                .yAxisTitle("ns per token")
                .build();
        PlotStyle.apply(chart.getStyler());
        double lowest = Double.MAX_VALUE;
        double highest = 0;
        for (var line : lines.entrySet()) {
            int number = chart.getSeriesCollection().size();
            var times = new ArrayList<>(line.getValue().values());
            var series = chart.addSeries(
                    line.getKey(), new ArrayList<>(line.getValue().keySet()), times);
            series.setMarker(PlotStyle.marker(number));
            series.setMarkerColor(PlotStyle.color(number));
            series.setLineColor(PlotStyle.color(number));
            for (double time : times) {
                lowest = Math.min(lowest, time);
                highest = Math.max(highest, time);
            }
        }
        PlotStyle.logarithmic(chart.getStyler());
        chart.getStyler().setYAxisMin(lowest / HEADROOM);
        chart.getStyler().setYAxisMax(highest * HEADROOM);
        return chart;
    }
}
