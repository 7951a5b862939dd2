package dev.tandem.bench.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.CategorySeries.CategorySeriesRenderStyle;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.lines.SeriesLines;
import org.knowm.xchart.style.markers.SeriesMarkers;

/// Charts over one parameter of the benchmarks, the others held, and one over all benchmarks.
final class Charts {
    private static final double PERCENT = 100;
    private static final double GIGA = 1e9;
    private static final double HEADROOM = 1.1;
    private static final double LEGEND_ROOM = 1.25;
    private static final int UPRIGHT = 90;
    private static final double BAR_WIDTH = 0.75;

    private final Report report;

    Charts(Report report) {
        this.report = report;
    }

    /// Speed against the number of experts.
    Optional<XYChart> experts() {
        var axis = Axis.of(report.measurements(), "experts");
        if (axis.isEmpty()) {
            return Optional.empty();
        }
        var lines = new LinkedHashMap<String, SortedMap<Integer, Double>>();
        axis.families().forEach((name, family) -> {
            var line = new TreeMap<Integer, Double>();
            family.forEach((experts, measurement) -> line.put(Integer.valueOf(experts), measurement.flops() / GIGA));
            lines.put(name, line);
        });
        return Optional.of(LineChart.underRoof(
                "Speed against the number of experts, tokens spread evenly",
                "GFLOP/s",
                lines,
                report.machines().getLast().flops() / GIGA));
    }

    /// Speed against how tokens spread over experts.
    Optional<CategoryChart> load() {
        var axis = Axis.of(report.measurements(), "load");
        return speed(axis, "Speed against the skew of the experts' load", "load", CategorySeriesRenderStyle.Bar);
    }

    /// Speed of the MoE layer against tokens.
    Optional<CategoryChart> tokens() {
        var layer = report.measurements().stream()
                .filter(measurement -> measurement.name().startsWith("MoeLayer"))
                .toList();
        return speed(
                Axis.of(layer, "size"),
                "Speed of the MoE layer against tokens",
                "tokens x C x F of one expert",
                CategorySeriesRenderStyle.Line);
    }

    /// Speed of experts against their width.
    Optional<CategoryChart> width() {
        var experts = report.measurements().stream()
                .filter(measurement -> measurement.name().startsWith("ExpertFeedForward"))
                .toList();
        return speed(
                Axis.of(experts, "size"),
                "Speed of all experts against their width",
                "tokens x C x F of one expert",
                CategorySeriesRenderStyle.Line);
    }

    /// How much faster several threads are than one.
    Optional<CategoryChart> scaling() {
        var axis = Axis.of(report.measurements(), "threads");
        if (axis.isEmpty()) {
            return Optional.empty();
        }
        int all = report.machines().getLast().threads();
        List<String> values = new ArrayList<>(axis.values());
        values.remove("0");
        values.add("0"); // all threads stand last
        List<String> labels = values.stream()
                .map(value -> value.equals("0") ? String.valueOf(all) : value)
                .toList();
        var chart = chart("Scaling: how many times as fast as one thread", "threads", "times the speed of one thread");
        for (var family : axis.families().entrySet()) {
            Measurement one = family.getValue().get("1");
            if (one != null) {
                double alone = one.seconds().median();
                add(
                        chart,
                        family,
                        values,
                        labels,
                        CategorySeriesRenderStyle.Line,
                        many -> alone / many.seconds().median());
            }
        }
        var ideal = chart.addSeries(
                "as many as threads",
                labels,
                labels.stream().map(Double::parseDouble).toList());
        ideal.setChartCategorySeriesRenderStyle(CategorySeriesRenderStyle.Line);
        ideal.setMarker(SeriesMarkers.NONE);
        ideal.setLineColor(PlotStyle.ROOF);
        ideal.setLineStyle(SeriesLines.DASH_DASH);
        chart.getStyler().setOverlapped(true);
        chart.getStyler().setYAxisMin(0.0);
        chart.getStyler().setYAxisMax(all * HEADROOM);
        return Optional.of(chart);
    }

    /// Part of the attainable speed that each benchmark reaches at its first size.
    Optional<CategoryChart> shares() {
        var first = new LinkedHashMap<String, Measurement>();
        for (var measurement : report.measurements()) {
            if (measurement.share().isPresent()) {
                first.putIfAbsent(measurement.name(), measurement);
            }
        }
        if (first.isEmpty()) {
            return Optional.empty();
        }
        var chart = chart("Per cent of what bounds each benchmark, measured in the same second", "", "% of attainable");
        chart.addSeries("bound by arithmetic", List.copyOf(first.keySet()), shares(first, true));
        chart.addSeries("bound by memory", List.copyOf(first.keySet()), shares(first, false));
        double highest = first.values().stream()
                .mapToDouble(measurement -> PERCENT * share(measurement))
                .max()
                .orElse(PERCENT);
        var styler = chart.getStyler();
        styler.setOverlapped(true);
        styler.setLegendPosition(LegendPosition.InsideNE);
        styler.setXAxisLabelRotation(UPRIGHT);
        styler.setXAxisMaxLabelCount(Math.max(2, first.size()));
        styler.setAvailableSpaceFill(BAR_WIDTH);
        styler.setYAxisMin(0.0);
        styler.setYAxisMax(Math.max(PERCENT, highest) * LEGEND_ROOM);
        return Optional.of(chart);
    }

    private static List<Double> shares(Map<String, Measurement> measurements, boolean computing) {
        return measurements.values().stream()
                .map(measurement -> measurement.computes() == computing ? PERCENT * share(measurement) : 0)
                .toList();
    }

    private static double share(Measurement measurement) {
        return measurement.share().orElseThrow().median();
    }

    private Optional<CategoryChart> speed(Axis axis, String title, String axisTitle, CategorySeriesRenderStyle style) {
        if (axis.isEmpty()) {
            return Optional.empty();
        }
        var chart = chart(title + "; dashed: arithmetic ceiling", axisTitle, "GFLOP/s");
        double highest = 0;
        for (var family : axis.families().entrySet()) {
            add(chart, family, axis.values(), axis.values(), style, measurement -> measurement.flops() / GIGA);
            for (var measurement : family.getValue().values()) {
                highest = Math.max(highest, measurement.flops() / GIGA);
            }
        }
        double roof = report.machines().getLast().flops() / GIGA;
        PlotStyle.mark(chart, roof);
        chart.getStyler().setOverlapped(style == CategorySeriesRenderStyle.Line);
        chart.getStyler().setYAxisMin(0.0);
        chart.getStyler().setYAxisMax(Math.max(roof, highest) * HEADROOM);
        return Optional.of(chart);
    }

    private static CategoryChart chart(String title, String xTitle, String yTitle) {
        var chart = new CategoryChartBuilder()
                .width(PlotStyle.WIDTH)
                .height(PlotStyle.HEIGHT)
                .title(title)
                .xAxisTitle(xTitle)
                .yAxisTitle(yTitle)
                .build();
        PlotStyle.apply(chart.getStyler());
        chart.getStyler().setLegendPosition(LegendPosition.OutsideE);
        return chart;
    }

    private static void add(
            CategoryChart chart,
            Map.Entry<String, Map<String, Measurement>> family,
            List<String> values,
            List<String> labels,
            CategorySeriesRenderStyle style,
            Function<Measurement, Double> quantity) {
        List<@Nullable Double> y = new ArrayList<>();
        for (String value : values) {
            Measurement measurement = family.getValue().get(value);
            y.add(measurement == null ? null : quantity.apply(measurement));
        }
        int number = chart.getSeriesCollection().size();
        var series = chart.addSeries(family.getKey(), labels, y);
        series.setChartCategorySeriesRenderStyle(style);
        series.setMarker(PlotStyle.marker(number));
        series.setLineColor(PlotStyle.color(number));
        series.setMarkerColor(PlotStyle.color(number));
        series.setFillColor(PlotStyle.color(number));
        series.setLineStyle(SeriesLines.SOLID);
    }
}
