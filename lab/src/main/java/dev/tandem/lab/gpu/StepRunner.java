package dev.tandem.lab.gpu;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/// Runs steps one after the other until the time is over. A step that is ended by its own limit failed; one
/// that is ended because the time of all is over did not.
final class StepRunner {
    /// Less would only produce a failure.
    private static final Duration LEAST = Duration.ofSeconds(4);

    /// Exit status of a program that finds nothing to do here; its last line says why.
    private static final int SKIPPED = 77;

    private final Path folder;
    private final LongSupplier nanoTime;
    private final long deadline;

    /// @param folder for the logs
    /// @param time for all steps together
    /// @param nanoTime such as [System#nanoTime]
    StepRunner(Path folder, Duration time, LongSupplier nanoTime) {
        this.folder = folder;
        this.nanoTime = nanoTime;
        this.deadline = nanoTime.getAsLong() + time.toNanos();
    }

    /// Runs one, and waits for it.
    Step.Result run(Step step) throws IOException {
        if (step.obstacle().isPresent()) {
            return skipped(step, step.obstacle().get());
        }
        var left = Duration.ofNanos(deadline - nanoTime.getAsLong());
        if (left.compareTo(LEAST) < 0) {
            return skipped(step, "no time was left");
        }
        Duration limit = left.compareTo(step.limit()) < 0 ? left : step.limit();
        Path log = folder.resolve(step.name() + ".log");
        long begin = nanoTime.getAsLong();
        Optional<String> failure = execute(step, limit, log);
        double seconds = (nanoTime.getAsLong() - begin) * 1e-9;
        String text = new String(Files.readAllBytes(log), StandardCharsets.UTF_8);
        if (failure.isEmpty() && limit.compareTo(step.limit()) < 0) {
            return new Step.Result(step.name(), Step.Outcome.SKIPPED, "the time of all steps was over", seconds, text);
        }
        String reason = failure.orElse("ended after its limit of %d s".formatted(limit.toSeconds()));
        if (reason.equals(status(SKIPPED))) {
            return new Step.Result(step.name(), Step.Outcome.SKIPPED, Step.lastLine(text), seconds, text);
        }
        var outcome = reason.isEmpty() ? Step.Outcome.PASSED : Step.Outcome.FAILED;
        return new Step.Result(step.name(), outcome, reason, seconds, text);
    }

    private static Step.Result skipped(Step step, String reason) {
        return new Step.Result(step.name(), Step.Outcome.SKIPPED, reason, 0, "");
    }

    /// Why it failed, in no words if it did not; nothing if it had to be ended.
    private static Optional<String> execute(Step step, Duration limit, Path log) throws IOException {
        Process process = new ProcessBuilder(step.command())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        process.getOutputStream().close();
        try {
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                return Optional.empty();
            }
            return Optional.of(process.exitValue() == 0 ? "" : status(process.exitValue()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.of("interrupted");
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    private static String status(int exitValue) {
        return "exit status " + exitValue;
    }
}
