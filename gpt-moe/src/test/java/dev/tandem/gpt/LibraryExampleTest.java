package dev.tandem.gpt;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Backends;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// The use as a library that the README shows.
class LibraryExampleTest {
    @Test
    void aSmallModelLearnsASentenceAndContinuesIt() {
        int[] text = "the quick brown fox jumps over the lazy dog. "
                .repeat(4)
                .chars()
                .toArray();

        var config = GptConfig.gpt3(128, 32, 2, 32, 2).withExperts(4); // V, T, L, C, H; top-2 of 4 experts
        var options = TrainingOptions.paper(new Schedule(1e-2, 10, 200), 1);
        try (Backend backend = Backends.open();
                Gpt model = Gpt.create(backend, config, 1)) {
            try (TrainingStep step = model.training(options, 2, 32)) { // B, T
                for (int i = 0; i < 200; i++) {
                    var ids = new int[2 * 32];
                    var targets = new int[2 * 32];
                    for (int b = 0; b < 2; b++) {
                        System.arraycopy(text, 7 * i % 45 + 11 * b, ids, 32 * b, 32);
                        System.arraycopy(text, 7 * i % 45 + 11 * b + 1, targets, 32 * b, 32);
                    }
                    step.run(ids, targets);
                }
                System.out.printf("loss %.3f%n", step.report().nll());
            }
            try (DecodeSession session = model.decode(32)) {
                int[] next = session.generate("the quick".chars().toArray(), 20, Sampler.greedy());
                String continued = new String(next, 0, next.length);
                assertThat(continued).isEqualTo(" brown fox jumps ove");
            }
        }
    }

    @Test
    void theReadmeNamesArtifactsOfThisBuild() throws IOException {
        Path root = Path.of(System.getProperty("basedir", ".")).resolve("..");
        String readme = Files.readString(root.resolve("README.md"));
        Matcher dependency = Pattern.compile(
                        "<groupId>(.*)</groupId>\\s+<artifactId>(.*)</artifactId>\\s+<version>(.*)<")
                .matcher(readme);
        List<String> artifacts = new ArrayList<>();
        while (dependency.find()) {
            artifacts.add(dependency.group(2));
            assertThat(Files.readString(root.resolve(dependency.group(2)).resolve("pom.xml")))
                    .contains("<groupId>" + dependency.group(1) + "</groupId>")
                    .contains("<artifactId>" + dependency.group(2) + "</artifactId>")
                    .contains("<version>" + dependency.group(3) + "</version>");
        }
        assertThat(artifacts).containsExactly("gpt-moe", "engine-cpu-vector");
    }

    @Test
    void theReadmeShowsThisVeryExample() throws IOException {
        Path module = Path.of(System.getProperty("basedir", "."));
        String readme = Files.readString(module.resolve("../README.md"));
        String example = readme.substring(readme.indexOf("```java\n") + 8);
        String source = Files.readString(module.resolve("src/test/java/dev/tandem/gpt/LibraryExampleTest.java"));
        assertThat(example.substring(0, example.indexOf("```")).lines())
                .hasSizeGreaterThan(15)
                .allSatisfy(
                        line -> assertThat(squeezed(source)).contains(squeezed(line.replaceFirst(" // \" .*", ""))));
    }

    /// The formatter breaks lines as it likes.
    private static String squeezed(String text) {
        return text.replaceAll("\\s", "");
    }
}
