package dev.tandem.bench.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.style.Styler.LegendPosition;

/// The speed of other libraries as per cent of Tandem's: what takes nanoseconds and what takes
/// seconds fit into one picture then.
final class PeerCharts {
    private static final String PRODUCTS = "Linear."; // of one matrix and of experts
    private static final double PERCENT = 100;
    private static final double HEADROOM = 1.15;
    private static final int UPRIGHT = 90;
    private static final int HEIGHT = 900; // long names stand below the bars

    private PeerCharts() {}

    /// Charts by name: matrix products and everything else, apart for each number of threads.
    static Map<String, CategoryChart> of(PeerReport peers) {
        var groups = new TreeMap<String, List<PeerResult>>();
        for (var result : peers.libraries()) {
            String kind = result.question().contains(PRODUCTS) ? "products" : "layers";
            groups.computeIfAbsent("peers-%s-%d".formatted(kind, result.threads()), _ -> new ArrayList<>())
                    .add(result);
        }
        var charts = new LinkedHashMap<String, CategoryChart>();
        groups.forEach((name, results) -> charts.put(name, chart(results)));
        return charts;
    }

    private static CategoryChart chart(List<PeerResult> results) {
        var cases = new LinkedHashSet<String>();
        var speeds = new LinkedHashMap<String, Map<String, Double>>();
        double highest = PERCENT;
        for (var result : results) {
            double speed = PERCENT / result.advantage();
            highest = Math.max(highest, speed);
            cases.add(label(result));
            speeds.computeIfAbsent(result.library(), _ -> new LinkedHashMap<>()).put(label(result), speed);
        }
        var chart = new CategoryChartBuilder()
                .width(PlotStyle.WIDTH)
                .height(HEIGHT)
                .title("Other libraries on %s: above the dashed line they are faster"
                        .formatted(results.getFirst().threadsText()))
                .yAxisTitle("per cent of Tandem's speed")
                .build();
        var styler = chart.getStyler();
        PlotStyle.apply(styler);
        styler.setLegendPosition(LegendPosition.OutsideE);
        styler.setXAxisLabelRotation(UPRIGHT);
        styler.setXAxisMaxLabelCount(Math.max(2, cases.size()));
        styler.setYAxisMin(0.0);
        styler.setYAxisMax(highest * HEADROOM);
        List<String> labels = List.copyOf(cases);
        speeds.forEach((library, byCase) -> {
            List<@Nullable Double> values = new ArrayList<>();
            labels.forEach(label -> values.add(byCase.get(label)));
            int number = chart.getSeriesCollection().size();
            chart.addSeries(library, labels, values).setFillColor(PlotStyle.color(number));
        });
        PlotStyle.mark(chart, PERCENT);
        return chart;
    }

    private static String label(PeerResult result) {
        return result.question().contains(PRODUCTS) ? result.details() : result.question() + " " + result.details();
    }
}
