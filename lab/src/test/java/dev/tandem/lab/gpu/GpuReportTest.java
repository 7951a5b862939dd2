package dev.tandem.lab.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tandem.lab.report.JsonReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class GpuReportTest {
    @TempDir
    Path folder;

    private final List<Measurement> measurements = new ArrayList<>();
    private final List<Tree> comparisons = new ArrayList<>();
    private final Map<String, String> requirements = new HashMap<>(Map.of("driver", "580.1 | beta"));

    /// As JMH writes it, with NaN for errors it cannot know.
    private static String jmh(String benchmark, String parameters, double callsPerSecond, double flop, double read) {
        return """
                [{"jmhVersion": "1.37", "benchmark": "dev.tandem.bench.%s", "mode": "thrpt", "params": {%s},
                  "primaryMetric": {"score": %s, "scoreError": NaN, "rawData": [[%s, %s, %s]]},
                  "secondaryMetrics": {"flop": {"score": %s}, "read": {"score": %s}, "written": {"score": 0}, "updated": {"score": 0}}}]
                """.formatted(
                        benchmark,
                        parameters,
                        callsPerSecond,
                        callsPerSecond / 2,
                        callsPerSecond,
                        callsPerSecond * 2,
                        flop * callsPerSecond,
                        read * callsPerSecond);
    }

    private void measured(String benchmark, String parameters, double callsPerSecond, double flop, double read)
            throws IOException {
        Path file = folder.resolve("bench.json");
        Files.writeString(file, jmh(benchmark, parameters, callsPerSecond, flop, read));
        measurements.addAll(Measurement.read(file));
    }

    @BeforeEach
    void measure() throws IOException {
        measured("kernel.LinearBenchmark.forward", "\"size\": \"8192x8192x8192\"", 500, 1e12, 1e9);
        measured("kernel.AddBenchmark.forward", "\"size\": \"65536x4096\"", 1000, 1e8, 3e9);
        measured(
                "step.MoeLayerBenchmark.forward",
                "\"backend\": \"cuda\", \"threads\": \"0\", \"size\": \"16384x1024x4096\", \"load\": \"EVEN\"",
                1000,
                0.25e12,
                1e9);
    }

    private GpuReport report(Tree peers, Step.Result... steps) {
        return new GpuReport(
                Map.of("date", "2026-01-01", "jvmFlags", List.of("-Xmn32m")),
                "cuda",
                "Model T",
                true,
                requirements,
                List.of(steps),
                comparisons,
                Tree.NONE,
                measurements,
                peers);
    }

    @Test
    void measurementsAreMediansWithPercentiles() {
        Measurement layer = measurements.getLast();

        assertThat(layer.name()).isEqualTo("MoeLayerBenchmark.forward");
        assertThat(layer.parameters()).doesNotContainKey("backend");
        assertThat(layer.details()).isEqualTo("16384x1024x4096, load EVEN");
        assertThat(layer.median()).isEqualTo(1e-3);
        assertThat(layer.p10()).isEqualTo(0.5e-3);
        assertThat(layer.p90()).isEqualTo(2e-3);
        assertThat(layer.flops()).isCloseTo(0.25e15, within(1e6));
        assertThat(layer.bytes()).isCloseTo(1e9, within(1.0));
    }

    @Test
    void ceilingsAreTheBestOfOursAndPyTorchs() {
        var peers = new Tree(Map.of("gemmFlops", 6e14, "copyBytesPerSecond", 1e12));

        assertThat(report(Tree.NONE).ceilingFlops()).isCloseTo(5e14, within(1e6));
        assertThat(report(peers).ceilingFlops()).isEqualTo(6e14);
        assertThat(report(peers).ceilingBytes()).isCloseTo(3e12, within(1e6));
        assertThat(report(Tree.NONE).markdown()).contains("50 %");
    }

    @Test
    void productsOfOurOwnAreNoCeiling() {
        var peers = new Tree(Map.of("gemmFlops", 4e14));
        requirements.put("cuBLAS", "not found; large products run on Tandem's own kernels, slower: install it");

        assertThat(report(Tree.NONE).ceilingFlops()).isNaN();
        assertThat(report(peers).ceilingFlops()).isEqualTo(4e14);
    }

    @Test
    void whatWasFoundStandsInCellsOfATable() {
        assertThat(report(Tree.NONE).markdown())
                .contains("| 580.1 \\| beta |", "2026-01-01")
                .doesNotContain("jvmFlags");
    }

    @Test
    void peersAreComparedShapeByShape() {
        var peer = Map.of("name", "layer grouped", "shape", "A", "direction", "forward", "medianSeconds", 1.5e-3);
        var slower = Map.of("name", "layer padded", "shape", "A", "direction", "forward", "medianSeconds", 2e-3);
        String text = report(new Tree(Map.of("torch", "2.9", "measurements", List.of(slower, peer))))
                .markdown();

        assertThat(text).contains("PyTorch 2.9", "layer padded");
        assertThat(text.lines().filter(line -> line.startsWith("| A, forward ")))
                .singleElement()
                .asString()
                .contains("1000.0 µs", "1500.0 µs", "1.50");
    }

    @Test
    void goalsAreJudgedByTheHighestLevelReached() throws IOException {
        measured("step.MoeLayerBenchmark.forward", "\"size\": \"64x1024x4096\", \"load\": \"EVEN\"", 2000, 1e9, 1.2e9);
        measured(
                "step.MoeLayerBenchmark.forwardBackward",
                "\"size\": \"16384x1024x4096\", \"load\": \"EVEN\"",
                400,
                1e12,
                1e9);
        measured("kernel.DispatchBenchmark.gather", "\"size\": \"16384x1024x64\"", 1000, 0, 1.5e9);
        List<Goal> goals = new Goals(report(Tree.NONE)).all();

        assertThat(goals.stream().map(goal -> "%s %.2f".formatted(goal.verdict(), goal.value())))
                .contains("target 0.80", "missed 0.50", "gate 1.25", "not measured NaN");
        assertThat(report(Tree.NONE).markdown()).contains("| goal ", "decode layer, 64 tokens");
    }

    private double goal(String name, Tree peers) {
        return new Goals(report(peers, new Step.Result("doctor", Step.Outcome.PASSED, "", 1.5, "")))
                .all().stream()
                        .filter(goal -> goal.name().startsWith(name))
                        .findFirst()
                        .orElseThrow()
                        .value();
    }

    @Test
    void everyGoalHasItsNumber() {
        List<String> names =
                new Goals(report(Tree.NONE)).all().stream().map(Goal::name).toList();
        for (int number = 1; number <= 16; number++) {
            String prefix = "G" + number + " ";
            assertThat(names).anyMatch(name -> name.startsWith(prefix));
        }
    }

    @Test
    void theExpertsProductsAreComparedWithCuBlasAndWithTheLayer() throws IOException {
        String size = "\"size\": \"16384x1024x4096\", \"load\": ";
        String compact = size + "\"ZIPF\", \"padded\": \"false\"";
        String padded = size + "\"EVEN\", \"padded\": \"true\"";
        measured("step.MoeLayerBenchmark.forwardBackward", size + "\"EVEN\"", 100, 1e12, 1e9);
        measured("kernel.ExpertLinearBenchmark.forward", compact, 500, 8e11, 1e9);
        measured("kernel.ExpertLinearBenchmark.forward", padded, 1000, 5e11, 1e9);
        measured("kernel.ExpertLinearBenchmark.backwardData", padded, 1000, 5e11, 1e9);
        measured("kernel.ExpertLinearBenchmark.backwardWeight", padded, 500, 5e11, 1e9);

        assertThat(goal("G4", new Tree(Map.of("batchedGemmFlops", 5e14)))).isCloseTo(0.8, within(1e-9));
        assertThat(goal("G7", Tree.NONE)).isCloseTo(0.2, within(1e-9)); // 2 · (1 + 1 + 2) of 10 ms
    }

    @Test
    void whatMoreMicroBatchesCostIsForwardAndBackward() throws IOException {
        String model = "\"model\": \"LARGE_MOE\", \"microBatches\": ";
        measured("step.TrainingStepBenchmark.update", model + "\"1\"", 10, 1e13, 1e9); // 100 ms
        measured("step.TrainingStepBenchmark.update", model + "\"8\"", 2, 8e13, 1e9); // 500 ms

        assertThat(goal("G9", Tree.NONE)).isCloseTo(7e13 / 0.4 / 5e14, within(1e-9));
        assertThat(goal("G10", Tree.NONE)).isCloseTo(8e13 / 0.5 / 5e14, within(1e-9));
    }

    @Test
    void kernelsThatDisagreeAreCountedAndColdStartIsTheDoctors() {
        comparisons.add(new Tree(Map.of(
                "against",
                "reference",
                "kernels",
                List.of(Map.of("kernel", "Add", "passed", true), Map.of("kernel", "Gate BF16", "passed", false)))));

        assertThat(goal("G15", Tree.NONE)).isEqualTo(1.5);
        assertThat(goal("G16", Tree.NONE)).isEqualTo(1);
        assertThat(report(Tree.NONE).markdown()).contains("against reference", "Gate BF16");
    }

    @Test
    void benchmarksThatFailFailTheirStep() {
        var result = new Step.Result("bench-layer", Step.Outcome.PASSED, "", 9, "begin\n<failure>\n\nwords\n");

        assertThat(Suite.judged(result).outcome()).isEqualTo(Step.Outcome.FAILED);
        assertThat(Suite.judged(result).reason()).isEqualTo("1 benchmarks failed");
        var fine = new Step.Result("bench-layer", Step.Outcome.PASSED, "", 9, "no <failure>");
        assertThat(Suite.judged(fine)).isSameAs(fine);
    }

    @Test
    void failuresShowTheirOutput() {
        var failed = new Step.Result("kernels", Step.Outcome.FAILED, "exit status 1", 2, "FAIL  Gate\n0 passed");

        assertThat(report(Tree.NONE, failed).failed()).isTrue();
        assertThat(report(Tree.NONE, failed).markdown()).contains("Output of kernels", "FAIL  Gate");
        assertThat(report(Tree.NONE).failed()).isFalse();
    }

    @Test
    void theJsonHoldsEverything() throws IOException {
        Path file = folder.resolve("gpu-check.json");
        var step = new Step.Result("doctor", Step.Outcome.PASSED, "", 1, "one\ntwo");
        Files.writeString(file, report(Tree.NONE, step).json());
        var json = new Tree(JsonReader.read(file));

        assertThat(json.text("backend")).isEqualTo("cuda");
        assertThat(json.list("measurements")).hasSize(3);
        assertThat(json.list("steps").getFirst().text("outcome")).isEqualTo("passed");
        assertThat(json.number("ceilingFlops")).isCloseTo(5e14, within(1e6));
        assertThat(json.child("requirements").text("driver")).isEqualTo("580.1 | beta");
    }
}
