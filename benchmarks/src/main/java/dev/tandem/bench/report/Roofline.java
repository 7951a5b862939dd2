package dev.tandem.bench.report;

import dev.tandem.bench.machine.Ceilings;
import java.awt.BasicStroke;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries.XYSeriesRenderStyle;
import org.knowm.xchart.style.lines.SeriesLines;
import org.knowm.xchart.style.markers.SeriesMarkers;

/// Every measurement as a point under the machine's roof: FLOP/s against FLOPs per byte.
///
/// Kernels without arithmetic stand at the left edge, as high as their bandwidth puts them.
final class Roofline {
    private static final double LEFT = 1.0 / 32;
    private static final double RIGHT = 4096;
    private static final double GIGA = 1e9;
    private static final float ROOF_WIDTH = 2;
    private static final double HEADROOM = 1.6;

    private Roofline() {}

    static XYChart of(Machine machine, List<Measurement> measurements) {
        var chart = new XYChartBuilder()
                .width(PlotStyle.WIDTH)
                .height(PlotStyle.HEIGHT)
                .title("Every benchmark under what the machine can do with %d threads".formatted(machine.threads()))
                .xAxisTitle("FLOPs per byte that must be read or written")
                .yAxisTitle("GFLOP/s")
                .build();
        PlotStyle.apply(chart.getStyler());
        roof(chart, "roof, 256 MiB", machine.flops(), machine.memory(), new BasicStroke(ROOF_WIDTH));
        roof(chart, "roof, 32 MiB", machine.flops(), machine.shared(), SeriesLines.DASH_DASH);
        roof(chart, "roof, ½ MiB per core", machine.flops(), machine.cached(), SeriesLines.DOT_DOT);
        int series = 0;
        double lowest = machine.memory().readBytes() * LEFT / GIGA;
        for (var group : groups(measurements).entrySet()) {
            double[] x = group.getValue().stream().mapToDouble(Roofline::x).toArray();
            double[] y = group.getValue().stream().mapToDouble(Roofline::y).toArray();
            for (double value : y) {
                lowest = Math.min(lowest, value);
            }
            var points = chart.addSeries(group.getKey(), x, y);
            points.setXYSeriesRenderStyle(XYSeriesRenderStyle.Scatter);
            points.setMarker(PlotStyle.marker(series));
            points.setMarkerColor(PlotStyle.color(series));
            series++;
        }
        axes(chart, lowest / HEADROOM, machine.flops() / GIGA * HEADROOM);
        return chart;
    }

    private static void roof(XYChart chart, String name, double flops, Ceilings ceilings, BasicStroke stroke) {
        double bytes = Math.max(ceilings.readBytes(), Math.max(ceilings.copyBytes(), ceilings.updateBytes()));
        double[] x = {LEFT, Math.clamp(flops / bytes, LEFT, RIGHT), RIGHT};
        double[] y = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            y[i] = Math.min(flops, x[i] * bytes) / GIGA;
        }
        var line = chart.addSeries(name, x, y);
        line.setMarker(SeriesMarkers.NONE);
        line.setLineColor(PlotStyle.ROOF);
        line.setLineStyle(stroke);
    }

    private static Map<String, List<Measurement>> groups(List<Measurement> measurements) {
        var groups = new LinkedHashMap<String, List<Measurement>>();
        for (var measurement : measurements) {
            String name = measurement.name();
            groups.computeIfAbsent(name.substring(0, name.indexOf('.')), _ -> new ArrayList<>())
                    .add(measurement);
        }
        return groups;
    }

    private static double x(Measurement measurement) {
        return Math.clamp(measurement.intensity(), LEFT, RIGHT);
    }

    private static double y(Measurement measurement) {
        return measurement.intensity() < LEFT ? measurement.bytesPerSecond() * LEFT / GIGA : measurement.flops() / GIGA;
    }

    private static void axes(XYChart chart, double low, double high) {
        var styler = chart.getStyler();
        PlotStyle.logarithmicX(styler);
        PlotStyle.logarithmicY(styler);
        styler.setXAxisMin(LEFT);
        styler.setXAxisMax(RIGHT);
        styler.setYAxisMin(low);
        styler.setYAxisMax(high);
    }
}
