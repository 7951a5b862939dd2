package dev.tandem.bench.report;

import java.util.ArrayList;
import java.util.Map;
import java.util.SortedMap;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.lines.SeriesLines;
import org.knowm.xchart.style.markers.SeriesMarkers;

/// Lines over the number of experts, which doubles from point to point.
final class LineChart {
    private static final double HEADROOM = 1.1;
    private static final double DECADE_ROOM = 2;

    private LineChart() {}

    /// Values of each line by experts, on a scale from 0 to a little above a dashed line.
    static XYChart underRoof(String title, String unit, Map<String, SortedMap<Integer, Double>> lines, double roof) {
        var chart = chart(title, unit, lines);
        double highest = roof;
        double left = Double.MAX_VALUE;
        double right = 0;
        for (var line : lines.values()) {
            highest = Math.max(
                    highest, line.values().stream().max(Double::compare).orElseThrow());
            left = Math.min(left, line.firstKey());
            right = Math.max(right, line.lastKey());
        }
        var dashed = chart.addSeries("arithmetic ceiling", new double[] {left, right}, new double[] {roof, roof});
        dashed.setMarker(SeriesMarkers.NONE);
        dashed.setLineColor(PlotStyle.ROOF);
        dashed.setLineStyle(SeriesLines.DASH_DASH);
        PlotStyle.logarithmicX(chart.getStyler());
        chart.getStyler().setYAxisMin(0.0);
        chart.getStyler().setYAxisMax(highest * HEADROOM);
        return chart;
    }

    /// Values of each line by experts, both by powers of ten.
    static XYChart logarithmic(String title, String unit, Map<String, SortedMap<Integer, Double>> lines) {
        var chart = chart(title, unit, lines);
        double lowest = Double.MAX_VALUE;
        double highest = 0;
        for (var line : lines.values()) {
            for (double value : line.values()) {
                lowest = Math.min(lowest, value);
                highest = Math.max(highest, value);
            }
        }
        PlotStyle.logarithmicX(chart.getStyler());
        PlotStyle.logarithmicY(chart.getStyler());
        chart.getStyler().setYAxisMin(lowest / DECADE_ROOM);
        chart.getStyler().setYAxisMax(highest * DECADE_ROOM);
        return chart;
    }

    private static XYChart chart(String title, String unit, Map<String, SortedMap<Integer, Double>> lines) {
        var chart = new XYChartBuilder()
                .width(PlotStyle.WIDTH)
                .height(PlotStyle.HEIGHT)
                .title(title)
                .xAxisTitle("experts")
                .yAxisTitle(unit)
                .build();
        PlotStyle.apply(chart.getStyler());
        lines.forEach((name, line) -> {
            int number = chart.getSeriesCollection().size();
            var series = chart.addSeries(name, new ArrayList<>(line.keySet()), new ArrayList<>(line.values()));
            series.setMarker(PlotStyle.marker(number));
            series.setMarkerColor(PlotStyle.color(number));
            series.setLineColor(PlotStyle.color(number));
            series.setLineStyle(SeriesLines.SOLID);
        });
        return chart;
    }
}
