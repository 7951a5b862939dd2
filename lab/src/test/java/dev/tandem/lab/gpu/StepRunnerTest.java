package dev.tandem.lab.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisabledOnOs(OS.WINDOWS)
final class StepRunnerTest {
    private static final Duration MINUTE = Duration.ofMinutes(1);

    @TempDir
    Path folder;

    private Step.Result shell(Duration limit, String script) throws IOException {
        return new StepRunner(folder, MINUTE, System::nanoTime)
                .run(Step.of("step", limit, List.of("/bin/sh", "-c", script)));
    }

    @Test
    void aStepThatEndsWellPassesAndLeavesItsOutput() throws IOException {
        Step.Result result = shell(MINUTE, "echo out; echo err >&2");

        assertThat(result.outcome()).isEqualTo(Step.Outcome.PASSED);
        assertThat(result.log()).contains("out", "err");
        assertThat(result.words()).isEqualTo("err");
        assertThat(folder.resolve("step.log")).hasContent("out\nerr");
    }

    @Test
    void aStepThatEndsBadlyFailsWithItsStatus() throws IOException {
        Step.Result result = shell(MINUTE, "exit 127");

        assertThat(result.outcome()).isEqualTo(Step.Outcome.FAILED);
        assertThat(result.reason()).isEqualTo("exit status 127");
    }

    @Test
    void aStepMaySayThatThereIsNothingToDo() throws IOException {
        Step.Result result = shell(MINUTE, "echo there is no PyTorch; exit 77");

        assertThat(result.outcome()).isEqualTo(Step.Outcome.SKIPPED);
        assertThat(result.reason()).isEqualTo("there is no PyTorch");
    }

    @Test
    void aStepThatTakesTooLongIsEnded() throws IOException {
        Step.Result result = shell(Duration.ofSeconds(1), "sleep 30");

        assertThat(result.outcome()).isEqualTo(Step.Outcome.FAILED);
        assertThat(result.reason()).isEqualTo("ended after its limit of 1 s");
        assertThat(result.seconds()).isLessThan(20);
    }

    @Test
    void aStepThatIsEndedBecauseAllTimeIsOverIsNoFailure() throws IOException {
        var runner = new StepRunner(folder, Duration.ofMillis(4500), System::nanoTime);

        Step.Result result = runner.run(Step.of("step", MINUTE, List.of("/bin/sh", "-c", "echo one; sleep 30")));

        assertThat(result.outcome()).isEqualTo(Step.Outcome.SKIPPED);
        assertThat(result.reason()).isEqualTo("the time of all steps was over");
        assertThat(result.log()).startsWith("one\n");
    }

    @Test
    void withoutTimeOrWithAnObstacleNothingIsStarted() throws IOException {
        var late = new StepRunner(folder, Duration.ofSeconds(1), System::nanoTime);
        var runner = new StepRunner(folder, MINUTE, System::nanoTime);

        assertThat(late.run(Step.of("step", MINUTE, List.of("/bin/true"))).reason())
                .isEqualTo("no time was left");
        assertThat(runner.run(Step.impossible("step", "it rains")))
                .isEqualTo(new Step.Result("step", Step.Outcome.SKIPPED, "it rains", 0, ""));
    }
}
