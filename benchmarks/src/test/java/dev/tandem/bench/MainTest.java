package dev.tandem.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MainTest {
    private static final int OK = 0;
    private static final int BAD_INPUT = 2;
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    Path folder;

    private int run(String... args) {
        return Main.run(new PrintWriter(out, true), new PrintWriter(err, true), args);
    }

    @Test
    void helpNamesEverySuiteAndExitCode() {
        assertThat(run("--help")).isEqualTo(OK);
        assertThat(out.toString()).contains("KERNELS, LAYER, STEP, DECODE", "--compare", "--quick", "130");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--suite kernel             | KERNELS, LAYER, STEP, DECODE",
                "--backend abacus           | there is no backend of that name; known are",
                "--threads 0x               | --threads",
                "--threads 0 --only Nothing | --threads 0: it must be 1 to 1024. Leave it out for one per processor.",
                "--threads 1025             | it must be 1 to 1024",
                "--threads -1               | it must be 1 to 1024",
                "--only= |  --only: its text is blank. Give a part of a name, or leave it out to measure all.",
                "--only NoSuchThing         | no benchmark of KERNELS, LAYER, STEP, DECODE, STARTUP has a name that contains it. Try --only AdamW.",
                "--suite startup --only LayerNorm | no benchmark of STARTUP has a name that contains it. Try --only StartUp.training.",
                "--suite layer --only LayerNorm | no benchmark of LAYER has a name that contains it. Try --only MoeLayer.",
                "--compare                  | --compare: it needs two reports, 0 given. Give --compare OLD.json NEW.json.",
                "--compare only-one.json    | --compare: it needs two reports, 1 given",
                "--peers=all                | it is --peers or --peers=only, not 'all'",
                "--compare no.json none.json| no.json: there is no such file. Give a bench.json",
                "--fast                     | --fast"
            })
    void badInputIsOneSentence(String arguments, String sentence) {
        assertThat(run(arguments.strip().split(" ", -1))).isEqualTo(BAD_INPUT);
        assertThat(err.toString())
                .startsWith("tandem bench: ")
                .contains(sentence)
                .doesNotContain("\tat ");
    }

    @Test
    void aFolderInTheWayIsRefusedBeforeAnythingIsMeasured() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "");
        assertThat(run("--quick", "--out", file.toString())).isEqualTo(BAD_INPUT);
        assertThat(err.toString()).contains("a file of that name is in the way");
    }

    @Test
    void aFolderThatCannotBeMadeIsRefusedWithMoreThanItsName() throws IOException {
        Path nowhere = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("gone"))
                .resolve("below");
        assertThat(run("--quick", "--out", nowhere.toString())).isEqualTo(BAD_INPUT);
        assertThat(err.toString())
                .contains("below: nothing can be written there (")
                .doesNotContain("(" + folder);
    }

    @Test
    void oneBenchmarkIsMeasuredReportedAndCompared() {
        assertThat(run("--quick", "--only", "add.Forward", "--out", folder.toString()))
                .as(err.toString())
                .isEqualTo(OK);
        assertThat(out.toString())
                .contains("1 measurement,")
                .containsPattern("Add.forward +8192x768 .*GB/s .*attainable");
        String json = folder.resolve("bench.json").toString();
        assertThat(run("--compare", json, json)).isEqualTo(OK);
        assertThat(out.toString()).contains("1 compared: 0 faster, 0 slower, ");
    }
}
