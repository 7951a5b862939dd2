package dev.tandem.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tandem.engine.BackendOptions;
import dev.tandem.engine.Backends;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// What an embedder meets who starts a JVM of their own.
final class ClassPathTest {
    /// Opens the backend and prints what came of it.
    static final class Probe {
        private Probe() {}

        public static void main(String[] args) {
            try (var backend = Backends.open("cpu-vector", BackendOptions.DEFAULT)) {
                System.out.println("opened " + backend.name());
            } catch (RuntimeException e) {
                System.out.println(e.getClass().getSimpleName() + ": " + e.getMessage());
            }
        }
    }

    private static String run(String... flags) throws IOException, InterruptedException {
        var command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(List.of(flags));
        command.addAll(List.of("-cp", classPath(), Probe.class.getName()));
        var process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return out.strip();
    }

    private static String classPath() {
        return String.join(
                File.pathSeparator,
                System.getProperty("jdk.module.path", ""),
                System.getProperty("java.class.path"),
                Path.of("target", "classes").toString(),
                Path.of("target", "test-classes").toString());
    }

    @Test
    void withoutTheIncubatorModuleTheRefusalNamesTheFlag() throws Exception {
        assertThat(run())
                .isEqualTo(
                        "BackendUnavailable: backend 'cpu-vector' is not available: the module jdk.incubator.vector is"
                                + " not loaded: start java with --add-modules jdk.incubator.vector");
    }

    @Test
    void withTheModuleItOpens() throws Exception {
        assertThat(run("--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"))
                .isEqualTo("opened cpu-vector");
    }
}
