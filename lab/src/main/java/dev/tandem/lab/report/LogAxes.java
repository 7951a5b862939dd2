package dev.tandem.lab.report;

import org.knowm.xchart.XYChart;

/// Ranges and labels for a logarithmic x axis, which stays readable over a fraction of a decade.
final class LogAxes {
    private double xLow = Double.POSITIVE_INFINITY;
    private double xHigh = Double.NEGATIVE_INFINITY;
    private double yLow = Double.POSITIVE_INFINITY;
    private double yHigh = Double.NEGATIVE_INFINITY;

    void cover(double[] x, double[] y) {
        for (double value : x) {
            xLow = Math.min(xLow, value);
            xHigh = Math.max(xHigh, value);
        }
        for (double value : y) {
            yLow = Math.min(yLow, value);
            yHigh = Math.max(yHigh, value);
        }
    }

    double xMin() {
        return xLow / 1.15;
    }

    double xMax() {
        return xHigh * 1.15;
    }

    void applyTo(XYChart chart, boolean logarithmicY) {
        var styler = chart.getStyler();
        styler.setXAxisLogarithmic(true);
        styler.setXAxisLogarithmicDecadeOnly(false);
        styler.setXAxisMin(xMin());
        styler.setXAxisMax(xMax());
        styler.setXAxisTickLabelsFormattingFunction(LogAxes::label);
        if (logarithmicY) {
            styler.setYAxisLogarithmic(true);
            styler.setYAxisLogarithmicDecadeOnly(false);
            styler.setYAxisMin(yLow / 1.05);
            styler.setYAxisMax(yHigh * 1.05);
            styler.setYAxisTickLabelsFormattingFunction(value -> Text.fixed(value, value < 10 ? 1 : 0));
        } else {
            double margin = Math.max(0.1, (yHigh - yLow) * 0.15);
            styler.setYAxisMin(Math.max(0, yLow - margin));
            styler.setYAxisMax(yHigh + margin);
        }
    }

    /// `2e12` for a leading 1, 2 or 5, nothing for other ticks.
    static String label(double value) {
        int exponent = (int) Math.floor(Math.log10(value) + 1e-9);
        long leading = Math.round(value / Math.pow(10, exponent));
        return leading == 1 || leading == 2 || leading == 5 ? leading + "e" + exponent : "";
    }
}
