package dev.tandem.lab.report;

import dev.tandem.lab.report.ModelReport.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/// A report with plausible numbers.
final class SampleReport {
    private SampleReport() {}

    static ModelReport model(String name, Kind kind, double gain, List<LayerLoad> layers) {
        var curve = new ArrayList<CurvePoint>();
        for (int i = 0; i < 9; i++) {
            double flops = 4.6e12 * Math.pow(2, (i - 8) * 0.7);
            curve.add(new CurvePoint(
                    10L << i,
                    1000L << i,
                    flops,
                    75 * flops / 4.6e12,
                    1.244 - gain + 0.22 * (8 - i) * (1 + 0.08 * (8 - i))));
        }
        return new ModelReport(
                name,
                kind,
                Map.of("L", 2),
                120_000,
                110_000,
                new ModelReport.Progress(1500, 1500, 6_100_000, 4.6e12, 74.8, 0.2),
                curve,
                new TreeMap<>(Map.of("jdk-licences", 9.1, "jdk-manuals", 8.3)),
                layers,
                "public final class ```Thing {\n    int x;\n}");
    }

    static Report report() {
        int E = 32;
        var raw = IntStream.range(0, E)
                .mapToDouble(e -> 1 + 0.5 * Math.sin(e * 1.7))
                .toArray();
        double sum = DoubleStream.of(raw).sum();
        var share = DoubleStream.of(raw).map(x -> x / sum).boxed().toList();
        return new Report(
                List.of(
                        model("dense", Kind.DENSE, 0, List.of()),
                        model("MoE, 32 experts", Kind.MOE, 0.05, List.of(new LayerLoad(1, share, 0.031)))),
                List.of("One note."),
                new Fields().with("seed", 1).with("jvmFlags", List.of("-Xmx1g")).map());
    }
}
