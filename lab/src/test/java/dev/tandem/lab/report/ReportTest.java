package dev.tandem.lab.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tandem.lab.BadInputException;
import dev.tandem.lab.report.ModelReport.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

final class ReportTest {
    @TempDir
    Path folder;

    private static int tokens(String json) {
        int tokens = 0;
        try (var parser = new JsonFactory().createParser(ObjectReadContext.empty(), json)) {
            while (parser.nextToken() != null) {
                tokens++;
            }
        }
        return tokens;
    }

    private static List<String> fields(String json, int depth) {
        var names = new ArrayList<String>();
        int level = 0;
        try (var parser = new JsonFactory().createParser(ObjectReadContext.empty(), json)) {
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                if (token.isStructStart()) {
                    level++;
                } else if (token.isStructEnd()) {
                    level--;
                } else if (token == JsonToken.PROPERTY_NAME && level == depth) {
                    names.add(parser.currentName());
                }
            }
        }
        return names;
    }

    @Test
    void theJsonDocumentHasTheFieldsThatScriptsRead() {
        String json = SampleReport.report().json();
        assertThat(fields(json, 1)).containsExactly("models", "speedup", "notes", "provenance");
        assertThat(fields(json, 3))
                .contains(
                        "name", "kind", "tokens", "flops", "validationPerplexity", "target", "dense", "moe", "factor");
        assertThat(json).contains("\"kind\": \"dense\"", "\"kind\": \"moe\"");
    }

    @Test
    void theSpeedupComesFromTheCurves() {
        var speedup = SampleReport.report().speedup();
        assertThat(speedup).hasSizeGreaterThan(8);
        assertThat(speedup).allSatisfy(s -> {
            assertThat(s.factor()).isGreaterThan(1);
            assertThat(s.factor()).isCloseTo(s.dense() / s.moe(), within(1e-12));
        });
    }

    @Test
    void aReportWithoutOneFamilyHasNoSpeedupAndSaysSo() {
        var report = new Report(List.of(SampleReport.model("dense", Kind.DENSE, 0, List.of())), List.of(), Map.of());
        assertThat(report.speedup()).isEmpty();
        assertThat(new Summary(report).headline()).startsWith("No speedup factor");
        assertThat(tokens(report.json())).isPositive();
    }

    @Test
    void everyFileIsWrittenAndAnEarlierReportReplaced() throws IOException {
        Files.writeString(folder.resolve("report.md"), "old");
        Files.writeString(folder.resolve("notes.txt"), "mine");
        var out = OutputFolder.prepare(folder);
        var written = out.write(SampleReport.report());
        assertThat(written)
                .extracting(path -> path.getFileName().toString())
                .containsExactly("report.json", "report.md", "perplexity.png", "speedup.png", "expert-load.png");
        assertThat(folder).isDirectoryNotContaining("glob:**/*.part").isDirectoryContaining("glob:**/notes.txt");
        assertThat(Files.readString(folder.resolve("report.md"))).contains("speedup factor", "````text");
        assertThat(tokens(Files.readString(folder.resolve("report.json")))).isGreaterThan(100);
    }

    @Test
    void plotsShowSomething() throws IOException {
        OutputFolder.prepare(folder).write(SampleReport.report());
        for (String name : new String[] {"perplexity.png", "speedup.png", "expert-load.png"}) {
            var image = ImageIO.read(folder.resolve(name).toFile());
            var colors = new HashSet<Integer>();
            int[] row = new int[image.getWidth()];
            for (int y = 0; y < image.getHeight(); y++) {
                image.getRGB(0, y, row.length, 1, row, 0, row.length);
                Arrays.stream(row).forEach(colors::add);
            }
            assertThat(colors).as(name).hasSizeGreaterThan(20);
        }
    }

    @Test
    void lossesCanBeReadWhileTrainingRuns() throws IOException {
        try (var losses = OutputFolder.prepare(folder).losses()) {
            losses.append(new Fields().with("step", 1).with("loss", 5.5).map());
            losses.append(new Fields().with("step", 2).with("loss", Double.NaN).map());
            assertThat(Files.readAllLines(folder.resolve("losses.jsonl")))
                    .containsExactly("{\"step\":1,\"loss\":5.5}", "{\"step\":2,\"loss\":null}");
        }
    }

    @Test
    void aFileInPlaceOfTheFolderIsRefused() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "x");
        assertThatThrownBy(() -> OutputFolder.prepare(file))
                .isInstanceOf(BadInputException.class)
                .hasMessageContainingAll(file.toString(), "in the way", "--out");
        assertThatThrownBy(() -> OutputFolder.prepare(file.resolve("below")))
                .isInstanceOf(BadInputException.class)
                .hasMessageContainingAll("--out");
    }

    @Test
    void jsonTakesWhatReportsHold() {
        var value = new Fields()
                .with("text", "a\"\n")
                .with("list", List.of(1, 2L, 0.5))
                .with("none", Optional.empty())
                .with("infinite", Double.POSITIVE_INFINITY)
                .with("truth", true)
                .map();
        assertThat(Json.line(value))
                .isEqualTo("{\"text\":\"a\\\"\\n\",\"list\":[1,2,0.5],\"none\":null,\"infinite\":null,\"truth\":true}");
        assertThat(tokens(Json.pretty(value))).isEqualTo(tokens(Json.line(value)));
        assertThatThrownBy(() -> Json.line(new Object())).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void numbersReadWell() {
        assertThat(Text.scaled(4.612e12)).isEqualTo("4.61 T");
        assertThat(Text.scaled(999_700)).isEqualTo("1.00 M");
        assertThat(Text.scaled(98_300)).isEqualTo("98.3 k");
        assertThat(Text.scaled(257)).isEqualTo("257");
        assertThat(Text.scientific(4.6e12)).isEqualTo("4.60e12");
        assertThat(Text.duration(65.2)).isEqualTo("1 min 05 s");
        assertThat(Text.percent(0.031)).isEqualTo("3.1 %");
        assertThat(LogAxes.label(2e12)).isEqualTo("2e12");
        assertThat(LogAxes.label(3e12)).isEmpty();
    }

    @Test
    void provenanceNamesMachineAndVirtualMachine() {
        var fields = Provenance.ofThisProcess("1").map();
        assertThat(fields).containsKeys("version", "commit", "jvm", "jvmFlags", "processor", "availableProcessors");
        assertThat(tokens(Json.line(fields))).isPositive();
    }
}
