package dev.tandem.lab.report;

import dev.tandem.lab.evaluation.SpeedupFactor;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.CategorySeries.CategorySeriesRenderStyle;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.lines.SeriesLines;
import org.knowm.xchart.style.markers.SeriesMarkers;

/// Draws the plots of a report, without a display.
final class Plots {
    static final String PERPLEXITY = "perplexity.png";
    static final String SPEEDUP = "speedup.png";
    static final String EXPERT_LOAD = "expert-load.png";
    static final List<String> NAMES = List.of(PERPLEXITY, SPEEDUP, EXPERT_LOAD);
    private static final int WIDTH = 960;
    private static final int HEIGHT = 600;

    private Plots() {}

    /// The plots that the report has data for, as PNG, by file name.
    static Map<String, byte[]> of(Report report) {
        var plots = new LinkedHashMap<String, byte[]>();
        perplexity(report).ifPresent(chart -> plots.put(PERPLEXITY, png(BitmapEncoder.getBufferedImage(chart))));
        var speedup = report.speedup();
        if (!speedup.isEmpty()) {
            plots.put(SPEEDUP, png(BitmapEncoder.getBufferedImage(speedup(speedup))));
        }
        var load = report.models().stream()
                .flatMap(model -> model.layers().stream().map(layer -> load(model, layer)))
                .toList();
        if (!load.isEmpty()) {
            plots.put(EXPERT_LOAD, png(stacked(load)));
        }
        return plots;
    }

    private static byte[] png(BufferedImage image) {
        var bytes = new ByteArrayOutputStream();
        // not cached in a file, which ImageIO would delete by a hook that an ending process refuses
        try (var out = new MemoryCacheImageOutputStream(bytes)) {
            ImageIO.write(image, "png", out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static Optional<XYChart> perplexity(Report report) {
        var chart = new XYChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .title("Validation perplexity against training compute")
                .xAxisTitle("training FLOPs")
                .yAxisTitle("validation perplexity")
                .build();
        var axes = new LogAxes();
        for (var model : report.models()) {
            var points = model.curve().stream()
                    .filter(point -> point.flops() > 0 && Double.isFinite(point.perplexity()))
                    .toList();
            if (points.isEmpty()) {
                continue;
            }
            double[] x = points.stream().mapToDouble(CurvePoint::flops).toArray();
            double[] y = points.stream().mapToDouble(CurvePoint::perplexity).toArray();
            axes.cover(x, y);
            var series = chart.addSeries(model.name(), x, y);
            series.setMarker(model.kind() == ModelReport.Kind.DENSE ? SeriesMarkers.CIRCLE : SeriesMarkers.DIAMOND);
            series.setLineStyle(SeriesLines.SOLID);
        }
        if (chart.getSeriesCollection().isEmpty()) {
            return Optional.empty();
        }
        axes.applyTo(chart, true);
        PlotStyle.apply(chart.getStyler());
        return Optional.of(chart);
    }

    private static XYChart speedup(List<SpeedupFactor> speedup) {
        var chart = new XYChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .title("Speedup factor: dense over MoE training compute for equal perplexity")
                .xAxisTitle("training FLOPs of the dense model for the target perplexity")
                .yAxisTitle("speedup factor")
                .build();
        double[] x = speedup.stream().mapToDouble(SpeedupFactor::dense).toArray();
        double[] y = speedup.stream().mapToDouble(SpeedupFactor::factor).toArray();
        chart.addSeries("speedup", x, y).setMarker(SeriesMarkers.CIRCLE);
        var axes = new LogAxes();
        axes.cover(x, y);
        axes.cover(x, new double[] {1});
        axes.applyTo(chart, false);
        double[] ends = {axes.xMin(), axes.xMax()};
        var even = chart.addSeries("equal compute", ends, new double[] {1, 1});
        even.setMarker(SeriesMarkers.NONE);
        even.setLineStyle(SeriesLines.DASH_DASH);
        PlotStyle.apply(chart.getStyler());
        return chart;
    }

    private static CategoryChart load(ModelReport model, LayerLoad layer) {
        int E = layer.share().size();
        var chart = new CategoryChartBuilder()
                .width(WIDTH)
                .height(HEIGHT / 2)
                .title("%s: expert load in block %d (%s of choices dropped)"
                        .formatted(model.name(), layer.block(), Text.percent(layer.dropped())))
                .xAxisTitle("expert")
                .yAxisTitle("share of choices, %")
                .build();
        var experts = IntStream.range(0, E).boxed().toList();
        var share = layer.share().stream().map(x -> 100 * x).toList();
        chart.addSeries("load", experts, share);
        var even = chart.addSeries(
                "even", experts, experts.stream().map(_ -> 100.0 / E).toList());
        even.setChartCategorySeriesRenderStyle(CategorySeriesRenderStyle.Line);
        even.setMarker(SeriesMarkers.NONE);
        even.setLineStyle(SeriesLines.DASH_DASH);
        chart.getStyler().setXAxisMaxLabelCount(Math.min(E, 32));
        chart.getStyler().setYAxisMin(0.0);
        chart.getStyler().setAvailableSpaceFill(0.8);
        PlotStyle.apply(chart.getStyler());
        return chart;
    }

    private static BufferedImage stacked(List<CategoryChart> charts) {
        var images = new ArrayList<BufferedImage>();
        charts.forEach(chart -> images.add(BitmapEncoder.getBufferedImage(chart)));
        var all = new BufferedImage(
                WIDTH, images.stream().mapToInt(BufferedImage::getHeight).sum(), BufferedImage.TYPE_INT_RGB);
        var graphics = all.createGraphics();
        int y = 0;
        for (var image : images) {
            graphics.drawImage(image, 0, y, null);
            y += image.getHeight();
        }
        graphics.dispose();
        return all;
    }
}
