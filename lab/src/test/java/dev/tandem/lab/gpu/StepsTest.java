package dev.tandem.lab.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class StepsTest {
    @TempDir
    Path folder;

    private List<Step> all(String searchPath) {
        return new Steps("cuda", folder, Optional.of(folder), searchPath).all(folder.resolve("peers.py"));
    }

    private Step tool(String name) throws IOException {
        Path tools = Files.createDirectories(folder.resolve("tools"));
        assertThat(Files.createFile(tools.resolve(name)).toFile().setExecutable(true))
                .isTrue();
        return all(tools.toString()).stream()
                .filter(step ->
                        !step.command().isEmpty() && step.command().getFirst().endsWith("/" + name))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void everyPartOfTheCheckHasAStepOfItsOwnName() {
        assertThat(all("").stream().map(Step::name))
                .doesNotHaveDuplicates()
                .contains(
                        "doctor",
                        "vectors",
                        "kernels",
                        "oracle",
                        "models",
                        "determinism",
                        "bench-ceiling",
                        "bench-layer",
                        "peers")
                .contains("sanitizer-memcheck", "sanitizer-racecheck", "sanitizer-synccheck");
    }

    @Test
    void toolsThatAreMissingAreNamed() {
        assertThat(all("").stream()
                        .filter(step -> step.name().equals("peers"))
                        .findFirst()
                        .flatMap(Step::obstacle))
                .contains("python3 is not installed");
    }

    @Test
    void theSanitizerRunsASmallSuite() throws IOException {
        assertThat(tool("compute-sanitizer").command())
                .containsSubsequence("--tool", "memcheck", "--error-exitcode", "9")
                .containsSubsequence("selftest", "--backend", "cuda", "--against", "reference", "--trials", "1");
    }

    @Test
    void pyTorchRunsOurScript() throws IOException {
        assertThat(tool("python3").command())
                .containsSubsequence(
                        folder.resolve("peers.py").toString(),
                        folder.resolve("peers.json").toString(),
                        "90");
    }

    @Test
    void benchmarksAreGivenTheBackendAndTheirSizes() {
        assertThat(Suite.all().get(2).arguments("cuda", "layer.json"))
                .startsWith("MoeLayerBenchmark")
                .containsSubsequence("-rff", "layer.json", "-p", "backend=cuda", "-p", "precision=BF16")
                .contains("size=16384x1024x4096", "experts=64", "load=EVEN,ZIPF");
    }

    @Test
    void theCeilingIsThatOfDenseProductsAlone() {
        Pattern ceiling = Pattern.compile(Suite.layers().getFirst().benchmarks());

        assertThat("dev.tandem.bench.kernel.LinearBenchmark.forward").containsPattern(ceiling);
        assertThat("dev.tandem.bench.kernel.ExpertLinearBenchmark.forward").doesNotContainPattern(ceiling);
    }

    @Test
    void withoutTheDeviceTheCpuIsCheckedAgainstTheReference() {
        var steps = new Steps("cuda", folder, Optional.empty(), "").withoutDevice("cpu-vector");

        assertThat(steps.stream().map(Step::name))
                .contains("doctor", "kernels", "determinism")
                .doesNotContain("peers");
        assertThat(steps.stream().flatMap(step -> step.command().stream()))
                .containsSubsequence("--backend", "cpu-vector", "--against", "reference")
                .doesNotContain("cuda");
    }
}
