package dev.tandem.bench.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.util.Locale;
import org.knowm.xchart.AnnotationLine;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.style.AxesChartStyler;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;

/// How every plot looks: a white ground, a light grid, colours that colour-blind readers tell
/// apart.
final class PlotStyle {
    static final int WIDTH = 1200;
    static final int HEIGHT = 720;
    static final Color ROOF = new Color(0x333333);
    private static final Color GRID = new Color(0xE3E3E3);
    private static final Color[] COLORS = {
        new Color(0x0072B2),
        new Color(0xD55E00),
        new Color(0x009E73),
        new Color(0xCC79A7),
        new Color(0xE69F00),
        new Color(0x56B4E9),
        new Color(0x7F3C8D)
    };
    private static final Marker[] MARKERS = {
        SeriesMarkers.CIRCLE, SeriesMarkers.DIAMOND, SeriesMarkers.SQUARE, SeriesMarkers.TRIANGLE_UP
    };

    private static final BasicStroke DASHED =
            new BasicStroke(2, BasicStroke.CAP_BUTT, BasicStroke.JOIN_BEVEL, 10, new float[] {6, 4}, 0);

    private PlotStyle() {}

    static Color color(int series) {
        return COLORS[series % COLORS.length];
    }

    /// Changes when the colours begin anew.
    static Marker marker(int series) {
        return MARKERS[series / COLORS.length % MARKERS.length];
    }

    /// A dashed line across a chart, which as a series would take the place of a bar.
    static void mark(CategoryChart chart, double value) {
        chart.addAnnotation(new AnnotationLine(value, false, false));
    }

    /// The horizontal axis by powers of ten.
    static void logarithmicX(XYStyler styler) {
        styler.setXAxisLogarithmic(true);
        styler.setXAxisLogarithmicDecadeOnly(true);
        styler.setXAxisTickLabelsFormattingFunction(PlotStyle::decade);
    }

    /// The vertical axis by powers of ten.
    static void logarithmicY(XYStyler styler) {
        styler.setYAxisLogarithmic(true);
        styler.setYAxisLogarithmicDecadeOnly(true);
        styler.setYAxisTickLabelsFormattingFunction(PlotStyle::decade);
    }

    private static String decade(double value) {
        return value >= 1 ? String.format(Locale.ROOT, "%.0f", value) : String.valueOf((float) value);
    }

    static void apply(AxesChartStyler styler) {
        styler.setChartBackgroundColor(Color.WHITE);
        styler.setPlotBackgroundColor(Color.WHITE);
        styler.setPlotBorderVisible(false);
        styler.setPlotGridLinesColor(GRID);
        styler.setPlotGridLinesStroke(new BasicStroke(1));
        styler.setChartTitleBoxVisible(false);
        styler.setChartTitlePadding(12);
        styler.setChartTitleFont(new Font(Font.SANS_SERIF, Font.BOLD, 18));
        styler.setAxisTitleFont(new Font(Font.SANS_SERIF, Font.PLAIN, 15));
        styler.setAxisTickLabelsFont(new Font(Font.SANS_SERIF, Font.PLAIN, 13));
        styler.setLegendFont(new Font(Font.SANS_SERIF, Font.PLAIN, 13));
        styler.setLegendPosition(LegendPosition.OutsideE);
        styler.setLegendBorderColor(GRID);
        styler.setChartFontColor(ROOF);
        styler.setAxisTickLabelsColor(ROOF);
        styler.setSeriesColors(COLORS);
        styler.setMarkerSize(9);
        styler.setAnnotationLineColor(ROOF);
        styler.setAnnotationLineStroke(DASHED);
        styler.setChartPadding(14);
    }
}
