package dev.tandem.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class MainTest {
    private record Ran(int exitCode, String out, String err) {}

    @TempDir
    Path folder;

    private Path corpus;

    @BeforeEach
    void writeCorpus() throws IOException {
        corpus = Files.writeString(folder.resolve("text.txt"), "The quick brown fox. It jumps!\n\n".repeat(200));
    }

    private static Ran run(String... args) {
        var out = new StringWriter();
        var err = new StringWriter();
        int exitCode = Main.run(new PrintWriter(out, true), new PrintWriter(err, true), args);
        return new Ran(exitCode, out.toString(), err.toString());
    }

    /// A comparison of a second on the reference backend, changed by further options.
    private Ran compare(String... changes) {
        var args = new ArrayList<>(List.of("compare", "--backend", "reference", "--flops", "2e7", "--width", "8"));
        args.addAll(List.of("--heads", "2", "--experts", "4", "--block", "8", "--batch", "4", "--warmup", "3"));
        args.addAll(List.of("--validation-tokens", "64", "--corpus", corpus.toString()));
        args.addAll(List.of(
                "--out-of-domain",
                corpus.toString(),
                "--out",
                folder.resolve("out").toString()));
        args.addAll(List.of(changes));
        return run(args.toArray(String[]::new));
    }

    private static void assertRefused(Ran ran, String... parts) {
        assertThat(ran.exitCode()).as(ran.err()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(ran.err()).contains(parts).doesNotContain("\tat ", "Exception");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "compare", "doctor", "gpu-check", "info", "selftest"})
    void everyCommandExplainsItself(String command) {
        String[] args =
                Stream.of(command, "--help").filter(arg -> !arg.isEmpty()).toArray(String[]::new);
        var ran = run(args);
        assertThat(ran.exitCode()).isZero();
        assertThat(ran.out()).contains("Usage: tandem", "Exit codes:");
    }

    @Test
    void theVersionIsThatOfTheBuild() {
        assertThat(run("--version").out()).containsPattern("tandem \\d+\\.\\d+");
        assertThat(run("compare", "--version").exitCode()).isZero();
    }

    @Test
    void withoutACommandTheUsageIsShown() {
        var ran = run();
        assertThat(ran.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(ran.err()).contains("Usage: tandem");
    }

    @Test
    void anUnknownOptionIsNamedWithTheNearestOne() {
        assertRefused(run("compare", "--experst", "4"), "--experst", "--experts");
    }

    @Test
    void anArgumentThatNothingTakesIsNamed() {
        assertRefused(run("comprae"), "there is no command 'comprae'", "tandem compare");
        assertRefused(run("comprae", "--help"), "there is no command 'comprae'");
        assertRefused(run("info", "gpt2"), "'gpt2' is not understood", "info --help");
    }

    @Test
    void theLaunchersOwnCommandsAreListed() {
        assertThat(run("--help").out()).contains("  bench ", "  bundle ");
        assertRefused(run("bundle", "--out", "x"), "./tandem bundle --out x");
    }

    @Test
    void doctorTellsWhatIsThere() {
        var ran = run("doctor");
        assertThat(ran.exitCode()).isIn(ExitCode.OK, ExitCode.NO_BACKEND);
        assertThat(ran.out()).contains("JDK", "jdk.incubator.vector", "threads", "backend cpu-vector", "backend cuda");
    }

    @Test
    void infoListsThePapersModels() {
        var ran = run("info");
        assertThat(ran.exitCode()).isZero();
        assertThat(ran.out()).contains("14,604,994,560", "0.431508", "6,650,044,416", "17.119012");
    }

    @Test
    void infoAsJsonHoldsEveryField() {
        String json = run("info", "--model", "MOE-15b", "--json").out();
        assertThat(json)
                .startsWith("[")
                .contains("\"name\": \"moe-15B\"", "\"layers\": 12", "\"width\": 768", "\"heads\": 12")
                .contains("\"experts\": 512", "\"total\": 14604994560", "\"expert\": 14507311104")
                .contains("\"nonExpert\": 97683456", "\"active\": 154352640", "\"zflops\": 0.4315");
    }

    @Test
    void infoAsJsonHoldsTheMemoryPlanOfTheText() {
        String json = run("info", "--model", "gpt2", "--json").out();
        assertThat(json)
                .containsPattern("\"training\": \\{\\s+\"model\": \\d+,\\s+\"gradients\": \\d+,\\s+\"moments\": \\d+,")
                .containsPattern(
                        "\"decoding\": \\{\\s+\"model\": \\d+,\\s+\"session\": \\d+,\\s+\"java\": \\d+,\\s+\"total\": \\d+");
        var total = Pattern.compile("\"activations\": \\d+,\\s+\"java\": \\d+,\\s+\"total\": (\\d+)")
                .matcher(json);
        assertThat(total.find()).isTrue();
        assertThat(run("info", "--model", "gpt2").out())
                .containsPattern(
                        "Java +140.0 MiB\\s+total +%.1f GiB".formatted(Long.parseLong(total.group(1)) / 0x1p30));
    }

    @Test
    void infoOfAnUnknownModelNamesTheKnownOnes() {
        assertRefused(run("info", "--model", "gpt5"), "gpt5", "moe-15B", "gpt2-xl");
    }

    @Test
    void selftestPassesOnTheReference() {
        var ran = run("selftest", "--backend", "reference");
        assertThat(ran.exitCode()).as(ran.out()).isZero();
        assertThat(ran.out()).endsWith(" passed, 0 failed" + System.lineSeparator());
    }

    @Test
    void selftestFailsWhereThereAreNoVectorsOrBrokenOnes() throws IOException {
        var empty = Files.createDirectory(folder.resolve("vectors"));
        var none = run("selftest", "--backend", "reference", "--vectors", empty.toString());
        assertThat(none.exitCode()).isEqualTo(ExitCode.FAILED);
        assertThat(none.out()).contains("0 passed, 0 failed");
        assertThat(none.err()).contains("no *.safetensors file", "Give the folder");
        Files.writeString(empty.resolve("broken.safetensors"), "not a tensor");
        var broken = run("selftest", "--backend", "reference", "--vectors", empty.toString());
        assertThat(broken.exitCode()).isEqualTo(ExitCode.FAILED);
        assertThat(broken.out()).contains("broken.safetensors", "0 passed, 1 failed");
        assertRefused(run("selftest", "--vectors", folder.resolve("nowhere").toString()), "nowhere", "no such folder");
    }

    @Test
    void selftestComparesBackendsKernelByKernel() throws IOException {
        Path json = folder.resolve("kernels.json");
        var ran = run(
                "selftest",
                "--backend",
                "cpu-vector",
                "--against",
                "reference",
                "--trials",
                "1",
                "--json",
                json.toString());
        assertThat(ran.exitCode()).as(ran.out() + ran.err()).isZero();
        assertThat(ran.out())
                .containsPattern("Gate +1 +0\\.\\d+ +equal .* x +pass")
                .endsWith("15 passed, 0 failed" + System.lineSeparator());
        assertThat(Files.readString(json)).contains("\"against\": \"reference\"", "\"kernel\": \"LayerNorm\"");
    }

    @Test
    void selftestComparesWithKnownBackendsOnly() {
        assertRefused(run("selftest", "--backend", "reference", "--against", "tpu"), "--against tpu", "cpu-vector");
        assertRefused(run("selftest", "--against", "reference", "--determinism"), "mutually exclusive");
        assertRefused(run("selftest", "--against", "reference", "--trials", "0"), "--trials 0");
        assertRefused(run("selftest", "--trials", "3"), "--trials 3", "--against");
    }

    @Test
    void selftestRefusesAFileItWouldNotOrCouldNotWriteBeforeItWorks() throws IOException {
        Path json = folder.resolve("new.json");
        assertRefused(run("selftest", "--backend", "reference", "--json", json.toString()), "--json", "--determinism");
        Path below = folder.resolve("nowhere").resolve("new.json");
        var ran = run("selftest", "--backend", "reference", "--determinism", "--json", below.toString());
        assertRefused(ran, "it cannot be written (no such file or folder)", "a folder that exists");
        assertThat(ran.out()).isEmpty();
        assertRefused(
                run("selftest", "--backend", "reference", "--determinism", "--json", folder.toString()),
                "it is a folder");
        Files.writeString(json, "kept");
        assertRefused(run("selftest", "--backend", "abacus", "--determinism", "--json", json.toString()), "abacus");
        assertThat(json).hasContent("kept");
    }

    @Test
    void theBackendIsSaidOnce() {
        var ran = run("selftest", "--vectors", folder.toString());
        assertThat(ran.out()).containsOnlyOnce("backend cpu-vector: ");
    }

    @Test
    void selftestTrainsTwiceToTheSameBits() {
        var ran = run("selftest", "--backend", "cpu-vector", "--determinism");
        assertThat(ran.exitCode()).as(ran.out()).isZero();
        assertThat(ran.out()).containsPattern("F32 first +([0-9a-f]{64})\\RF32 second +\\1\\R1 passed, 0 failed");
    }

    @Test
    void gpuCheckWithoutAGpuDoesTheRestAndSaysSo() throws IOException {
        assumeThat(run("doctor").out()).contains("cuda             not available");
        Path out = folder.resolve("check");
        var ran = run("gpu-check", "--out", out.toString(), "--minutes", "2");
        assertThat(ran.exitCode()).as(ran.out() + ran.err()).isEqualTo(ExitCode.NO_BACKEND);
        assertThat(ran.out()).contains("cuda is not available: ").containsPattern("kernels +passed");
        assertThat(Files.readString(out.resolve("gpu-check.md"))).contains("| determinism |", "15 passed, 0 failed");
        assertThat(Files.readString(out.resolve("gpu-check.json"))).contains("\"available\": false");
        assertRefused(run("gpu-check", "--backend", "tpu"), "--backend tpu");
    }

    @Test
    void compareReportsBothModels() throws IOException {
        var ran = compare();
        assertThat(ran.exitCode()).as(ran.err()).isZero();
        assertThat(ran.out()).contains("validation perplexity", "GFLOP/s", "sample of dense", "sample of MoE-4");
        var out = folder.resolve("out");
        assertThat(out).isDirectoryContaining("glob:**/report.json").isDirectoryContaining("glob:**/perplexity.png");
        String json = Files.readString(out.resolve("report.json"));
        assertThat(json)
                .contains("\"kind\": \"dense\"", "\"kind\": \"moe\"", "\"speedup\"", "\"corpusSha256\"", "\"seed\"");
        assertThat(Files.readAllLines(out.resolve("losses.jsonl"))).hasSizeGreaterThan(20);
    }

    @Test
    void theSameSeedAndComputeRepeatARun() throws IOException {
        var losses = Pattern.compile("\"(loss|validationLoss)\":[^,}]*");
        var first = new ArrayList<String>();
        for (int i = 0; i < 2; i++) {
            assertThat(compare().exitCode()).isZero();
            var found = losses.matcher(Files.readString(folder.resolve("out").resolve("losses.jsonl")))
                    .results()
                    .map(result -> result.group())
                    .toList();
            if (i == 0) {
                first.addAll(found);
            } else {
                assertThat(found).isEqualTo(first).hasSizeGreaterThan(10);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "--layers, 0, from 1 to 96",
        "--experts, 1, from 2 to 4096",
        "--top-k, 5, more experts than there are",
        "--heads, 3, the heads must divide the width",
        "--every, 3, need at least N blocks",
        "--minutes, 0, from 0.05",
        "--minutes, NaN, from 0.05",
        "--flops, 100, a single update of these models needs",
        "--capacity-factor, 0, from 0.1",
        "--dense-rate, -1, from",
        "--threads, 0, from 1 to 1024",
        "--backend, tpu, there is no backend of that name",
        "--tokenizer, words, no tokenizer of that name",
        "--corpus, nowhere.txt, no such file",
        "--block, 5000, fewer than one block",
        "--layers, many, not an int",
    })
    void aValueThatCannotBeUsedIsNamedWithTheReason(String option, String value, String reason) {
        assertRefused(compare(option, value), value, reason);
        assertThat(folder.resolve("out")).doesNotExist();
    }

    @Test
    void aFolderThatWasThereStaysWhenARunIsRefused() throws IOException {
        Files.createDirectory(folder.resolve("out"));
        assertRefused(compare("--corpus", "nowhere.txt"), "no such file");
        assertThat(folder.resolve("out")).isEmptyDirectory();
    }

    @Test
    void modelsAreComparedInThePrecisionThatIsAskedFor() throws IOException {
        assertThat(compare("--precision", "bf16").exitCode()).isEqualTo(ExitCode.OK);
        assertThat(Files.readString(folder.resolve("out").resolve("report.json")))
                .contains("\"precision\": \"BF16\"");
        assertRefused(
                compare("--precision", "bf16", "--backend", "cpu-vector"),
                "--precision bf16",
                "'cpu-vector' does not compute in BF16",
                "--precision f32");
    }

    @Test
    void aTimeAndAComputeAreNotTakenTogether() {
        assertRefused(compare("--minutes", "1"), "--minutes with --flops", "Give one of the two");
    }

    @Test
    void modelsThatDoNotFitAreRefusedWithTheirPlan() {
        assertRefused(
                compare("--width", "12288", "--layers", "96", "--experts", "4096"),
                "do not fit into memory",
                "--experts");
    }

    @Test
    void anOutputFolderThatCannotBeMadeIsRefusedBeforeTraining() {
        assertRefused(compare("--out", corpus.resolve("below").toString()), "output folder", "--out");
    }

    @Test
    void debugShowsTheStackTrace() {
        var ran = compare("--corpus", folder.resolve("nowhere").toString(), "--debug");
        assertThat(ran.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(ran.err()).contains("\tat dev.tandem.lab");
    }
}
