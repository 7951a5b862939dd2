package dev.tandem.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A process of its own is told to end while it trains.
final class InterruptionTest {
    private static final Pattern PLOT = Pattern.compile("\\(([\\w-]+\\.png)\\)");

    // Of several steps, so that there is something to draw.
    private static final long LINES_BYTES = 1 << 14;

    @TempDir
    Path folder;

    @Test
    @Timeout(120)
    void anInterruptedRunLeavesItsWholeReport() throws IOException, InterruptedException {
        Path out = folder.resolve("out");
        Path said = folder.resolve("said.txt");
        Process process = new ProcessBuilder(command(out))
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        while (process.isAlive() && (!Files.exists(losses(out)) || Files.size(losses(out)) < LINES_BYTES)) {
            Thread.sleep(50);
        }
        assertThat(process.isAlive()).as(Files.readString(said)).isTrue();

        // the signal TERM, which runs the same hooks as Ctrl-C
        process.destroy();

        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(Files.readString(said)).doesNotContain("internal error");
        assertThat(out.resolve("report.json")).isNotEmptyFile();
        List<String> plots = PLOT.matcher(Files.readString(out.resolve("report.md")))
                .results()
                .map((MatchResult plot) -> plot.group(1))
                .toList();
        assertThat(plots)
                .isNotEmpty()
                .allSatisfy(plot -> assertThat(out.resolve(plot)).isNotEmptyFile());
    }

    private static Path losses(Path out) {
        return out.resolve("losses.jsonl");
    }

    private List<String> command(Path out) throws IOException {
        Path corpus = Files.writeString(folder.resolve("text.txt"), "The quick brown fox. It jumps!\n\n".repeat(200));
        String classes =
                System.getProperty("java.class.path") + File.pathSeparator + System.getProperty("jdk.module.path", "");
        var command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector",
                "-cp",
                classes,
                Main.class.getName()));
        command.addAll(List.of("compare", "--backend", "reference", "--flops", "1e12", "--width", "8", "--heads", "2"));
        command.addAll(List.of("--experts", "4", "--block", "8", "--batch", "4", "--validation-tokens", "64"));
        command.addAll(List.of("--corpus", corpus.toString(), "--out-of-domain", corpus.toString()));
        command.addAll(List.of("--out", out.toString(), "--no-progress"));
        return command;
    }
}
