package dev.tandem.lab.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tandem.engine.BackendOptions;
import dev.tandem.engine.Backends;
import dev.tandem.gpt.Gpt;
import dev.tandem.gpt.GptConfig;
import dev.tandem.gpt.Schedule;
import dev.tandem.gpt.TrainingOptions;
import dev.tandem.gpt.cost.MemoryPlan;
import dev.tandem.gpt.cost.ResidentMemory;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/// What the system counts as memory of a process that trains is what was planned.
final class ResidentMemoryTest {
    // Many tensors of a little more than a huge page.
    private static final GptConfig CONFIG = GptConfig.gpt3(256, 256, 12, 384, 6);
    private static final int B = 1;
    private static final int STEPS = 4;

    @Test
    @Timeout(120)
    @EnabledOnOs(value = OS.LINUX, disabledReason = "reads the peak from /proc/self/status")
    void theResidentPeakIsThePlanAndJava() throws IOException, InterruptedException {
        String classes =
                System.getProperty("java.class.path") + File.pathSeparator + System.getProperty("jdk.module.path", "");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "@" + Path.of("..", "config", "jvm.args"),
                        "-cp",
                        classes,
                        Training.class.getName())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();

        long peak = Long.parseLong(said.lines().reduce((_, last) -> last).orElseThrow());

        double expected = new ResidentMemory(MemoryPlan.training(CONFIG, B, CONFIG.T(), 1)).bytes();
        assertThat(peak / expected).isCloseTo(1, within(0.1));
    }

    /// Trains a little and prints the peak in bytes.
    static final class Training {
        private Training() {}

        public static void main(String[] arguments) throws IOException {
            try (var backend = Backends.open("cpu-vector", new BackendOptions(2))) {
                var options = TrainingOptions.paper(new Schedule(1e-4, 0, STEPS), 1);
                var training = Gpt.create(backend, CONFIG, 1).training(options, B, CONFIG.T());
                int[] tokens = new SplittableRandom(1)
                        .ints(training.tokens(), 0, CONFIG.V())
                        .toArray();
                for (int step = 0; step < STEPS; step++) {
                    training.run(tokens, tokens);
                }
                System.out.println(training.report());
            }
            System.out.println(peak());
        }

        private static long peak() throws IOException {
            String line = Files.readAllLines(Path.of("/proc/self/status")).stream()
                    .filter(each -> each.startsWith("VmHWM:"))
                    .findFirst()
                    .orElseThrow();
            return Long.parseLong(line.replaceAll("\\D", "")) << 10;
        }
    }
}
