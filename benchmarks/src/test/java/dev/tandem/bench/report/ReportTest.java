package dev.tandem.bench.report;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tandem.bench.BadInputException;
import dev.tandem.bench.machine.Ceilings;
import dev.tandem.bench.machine.Cost;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.knowm.xchart.CategorySeries;
import org.knowm.xchart.XYSeries;

class ReportTest {
    @TempDir
    Path folder;

    @Test
    void aReportSurvivesItsFile() throws IOException {
        var report = Sample.report(Sample.product(0.6, 0.5, 0.7), Sample.disturbed(Sample.product(1)));
        OutputFolder.prepare(folder).write(report);
        var read = Report.read(folder.resolve("bench.json"));
        assertThat(read.json()).isEqualTo(report.json());
        assertThat(read.machines()).isEqualTo(report.machines());
    }

    @Test
    void theReportSaysWhatBoundsAndHowFarFromIt() throws IOException {
        OutputFolder.prepare(folder).write(Sample.report(Sample.disturbed(Sample.product(1, 1, 1))));
        assertThat(Files.readString(folder.resolve("bench.md")))
                .containsPattern("Linear.forward \\* .* 8x8x8 .* 1.00 s .* 50.0 .* compute .* 50 % +\\| +24 ")
                .contains("1 measurement was disturbed")
                .contains("0 of 1 measurements reach 70 %")
                .contains("![roofline](roofline.png)");
    }

    @Test
    void theReportSaysWhereProcessorsWereApart() throws IOException {
        Measurement near = Sample.product(1);
        var apart = new Ceilings(100e9, 10e9, 8e9, 4e9, 16e9, 170e-9);
        var far = new Measurement(
                near.benchmark(),
                near.parameters(),
                near.cost(),
                near.seconds(),
                near.share(),
                Optional.of(apart),
                near.heap(),
                0,
                0);
        OutputFolder.prepare(folder).write(Sample.report(near, far));
        assertThat(Files.readString(folder.resolve("bench.md")))
                .contains("after 40.0 ns at least, 170 ns in the median, 170 ns at most")
                .containsPattern("hand-over \\|\n.*\n.* 40.0 ns \\|");
    }

    @Test
    void routingIsDrawnAgainstExperts() throws IOException {
        var report = Sample.report(gate("2048x16", 1e-4), gate("2048x512", 2e-3), gate("16x512", 1e-5));
        assertThat(OutputFolder.prepare(folder).write(report))
                .extracting(file -> file.getFileName().toString())
                .contains("routing.png");
        assertThat(RoutingChart.of(report.measurements()).orElseThrow().getSeriesCollection())
                .extracting(XYSeries::getName)
                .containsExactly("Gate.forward, 2048");
        assertThat(RoutingChart.of(List.of(gate("2048x16", 1e-4), Sample.product(1))))
                .isEmpty();
    }

    private static Measurement gate(String size, double seconds) {
        Measurement product = Sample.product(Map.of("size", size), seconds);
        return new Measurement(
                "GateBenchmark.forward",
                product.parameters(),
                product.cost(),
                product.seconds(),
                product.share(),
                product.ceilings(),
                product.heap(),
                0,
                0);
    }

    @Test
    void plotsAreDrawnForWhatVaries() throws IOException {
        var report = Sample.report(
                Sample.product(Map.of("experts", "8", "load", "EVEN", "threads", "0"), 1),
                Sample.product(Map.of("experts", "64", "load", "EVEN", "threads", "0"), 1.2),
                Sample.product(Map.of("experts", "8", "load", "ZIPF", "threads", "0"), 1.1),
                Sample.product(Map.of("experts", "8", "load", "EVEN", "threads", "1"), 1.9));
        var written = OutputFolder.prepare(folder).write(report);
        assertThat(written)
                .extracting(file -> file.getFileName().toString())
                .contains(
                        "peers-products-2.png",
                        "roofline.png",
                        "attainable.png",
                        "experts.png",
                        "load.png",
                        "scaling.png");
        for (Path file : written) {
            if (file.toString().endsWith(".png")) {
                assertThat(ImageIO.read(file.toFile()).getWidth()).isEqualTo(PlotStyle.WIDTH);
            }
        }
    }

    @Test
    void aPeerIsJudgedByTheMedianOfEachRoundsRatio() {
        assertThat(Sample.report().peers().libraries().getFirst().advantage())
                .isCloseTo(3, within(1e-9)); // of 2, 4 and 3
    }

    @Test
    void theReportNamesOtherLibrariesAndWhyOneIsAbsent() throws IOException {
        OutputFolder.prepare(folder).write(Sample.report());
        assertThat(Files.readString(folder.resolve("bench.md")))
                .contains("- Other 1.0", "- Third was not asked: it is not for this machine")
                .containsPattern("Linear.forward \\* .* 8x8x8 .* 2 .* Other .* 400 ms .* 100 ms .* 3.00");
    }

    @Test
    void theReportSaysWhatThreadsBringApartFromLibraries() throws IOException {
        OutputFolder.prepare(folder).write(Sample.report());
        String text = Files.readString(folder.resolve("bench.md"));
        String scaling = text.substring(text.indexOf("## Scaling over threads"), text.indexOf("## Plots"));
        assertThat(scaling)
                .containsPattern(
                        "Linear.forward \\* .* 8x8x8 .* 2 .* 180 ms .* 100 ms .* 5.56 .* 10.0 .* 1.80 .* 90 %");
        assertThat(text.replace(scaling, "")).contains("Other").doesNotContain("1.80");
        assertThat(text).doesNotContain(PeerResult.ALONE);
    }

    @Test
    void librariesAreDrawnByWhatTheyMultiplyWithoutTandemItself() {
        var charts = PeerCharts.of(new PeerReport(
                List.of(
                        Sample.peer("ExpertLinear.forward", PeerResult.ALONE, 1, 1, 1),
                        Sample.peer("ExpertLinear.forward", "Other", 1, 1, 1),
                        Sample.peer("MoeLayer.forward", "Third", 1, 1, 1)),
                Map.of(),
                Map.of()));
        assertThat(charts).containsOnlyKeys("peers-products-2", "peers-layers-2");
        assertThat(requireNonNull(charts.get("peers-products-2")).getSeriesCollection())
                .extracting(CategorySeries::getName)
                .contains("Other")
                .doesNotContain(PeerResult.ALONE, "Third");
    }

    @Test
    void theReportComparesAProcessWithItsPlan() throws IOException {
        OutputFolder.prepare(folder).write(Sample.report());
        assertThat(Files.readString(folder.resolve("bench.md")))
                .containsPattern(
                        "training .* SMALL_MOE .* 3.50 s .* 5.25 s .* 200 ms .* 2.00 .* 400 .* 500 .* 600 .* 120 ")
                .containsPattern("forward .* SMALL_MOE .* 400 .* 500 .* unknown .* unknown ");
        assertThat(Sample.TRAINING.line()).contains("StartUp.training", "peak 600 of 500 MiB");
    }

    @Test
    void startsAreReadAsTheyWereWritten() throws IOException {
        OutputFolder.prepare(folder).write(Sample.report());
        assertThat(Report.read(folder.resolve("bench.json")).starts()).containsExactly(Sample.TRAINING, Sample.FORWARD);
    }

    @Test
    void aStartFromBeforeForwardPassesTrainedAndPlannedNoJava() throws IOException {
        assertThat(readWithout("kind", "java").starts())
                .allMatch(start -> start.kind() == StartUp.Kind.TRAINING && start.java() == 0);
    }

    @Test
    void aReportFromBeforeOtherLibrariesIsRead() throws IOException {
        Report old = readWithout("libraries", "starts");
        assertThat(old.peers()).isEqualTo(PeerReport.NONE);
        assertThat(old.starts()).isEmpty();
    }

    /// The sample as a program wrote it that did not know some fields.
    private Report readWithout(String... fields) throws IOException {
        OutputFolder.prepare(folder).write(Sample.report());
        String json = Files.readString(folder.resolve("bench.json"));
        for (String field : fields) {
            json = json.replace("\"" + field + "\"", "\"not " + field + "\"");
        }
        return Report.read(Files.writeString(folder.resolve("old.json"), json));
    }

    @Test
    void anEmptyReportIsStillOne() throws IOException {
        OutputFolder.prepare(folder).write(Sample.report());
        assertThat(Report.read(folder.resolve("bench.json")).measurements()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "no JSON", "[1, 2", "[1, 2]", "{}", "{\"provenance\": {}, \"machine\": [{}]}", "[]"})
    void whatIsNoReportIsRefusedWithItsName(String text) throws IOException {
        Path file = Files.writeString(folder.resolve("other.json"), text);
        assertThatThrownBy(() -> Report.read(file))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("other.json")
                .hasMessageContaining("tandem bench");
    }

    @Test
    void brokenJsonIsToldByItsPlaceAlone() throws IOException {
        Path file = Files.writeString(folder.resolve("broken.json"), "{\n  \"machine\": oops");
        assertThatThrownBy(() -> Report.read(file))
                .hasMessage(file
                        + ": it is no JSON (line 2, column 14). Give a bench.json that 'tandem bench' has written.");
    }

    @Test
    void aFileInTheWayOfTheFolderIsRefused() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "");
        assertThatThrownBy(() -> OutputFolder.prepare(file))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("a file of that name is in the way");
    }

    @Test
    void workIsPricedByItsSlowestPart() {
        var memory = new Cost(1e9, 20e9, 8e9, 8e9);
        // 16 GB copied at 8 GB/s, 16 GB updated at 16 GB/s, 12 GB read beyond that at 10 GB/s
        assertThat(Sample.CEILINGS.seconds(memory)).isCloseTo(2 + 1 + 1.2, within(1e-9));
        assertThat(Sample.CEILINGS.boundByMemory(memory)).isTrue();
        // 2 GB copied at 8 GB/s, 8 GB written beyond that at 4 GB/s
        assertThat(Sample.CEILINGS.seconds(new Cost(0, 1e9, 9e9, 0))).isCloseTo(0.25 + 2, within(1e-9));
        assertThat(Sample.CEILINGS.seconds(Sample.PRODUCT)).isCloseTo(0.5, within(1e-9));
        assertThat(Sample.CEILINGS.boundByMemory(Sample.PRODUCT)).isFalse();
    }
}
