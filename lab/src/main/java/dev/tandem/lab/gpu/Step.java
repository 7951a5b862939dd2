package dev.tandem.lab.gpu;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// One part of the check: a process of its own, so that a fault of a driver ends that part alone.
///
/// @param name short, also that of its log
/// @param command program and arguments
/// @param limit after which it is ended
/// @param obstacle why it cannot be started here, if so
record Step(String name, List<String> command, Duration limit, Optional<String> obstacle) {
    Step {
        command = List.copyOf(command);
    }

    static Step of(String name, Duration limit, List<String> command) {
        return new Step(name, command, limit, Optional.empty());
    }

    static Step impossible(String name, String obstacle) {
        return new Step(name, List.of(), Duration.ZERO, Optional.of(obstacle));
    }

    /// What became of a step.
    enum Outcome {
        PASSED,
        FAILED,
        SKIPPED;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// What became of this one.
    ///
    /// @param name of the step
    /// @param reason empty if it passed
    /// @param log all it printed
    record Result(String name, Outcome outcome, String reason, double seconds, String log) {
        /// Why it did not pass, else the last it printed.
        String words() {
            return reason.isEmpty() ? lastLine(log) : reason;
        }
    }

    static String lastLine(String log) {
        return log.lines().filter(line -> !line.isBlank()).reduce("", (_, line) -> line);
    }
}
