package dev.tandem.bench;

import java.time.Duration;

/// How long one measurement takes.
///
/// @param forks processes, one after the other; 0 measures in this one
/// @param warmUps rounds that do not count
/// @param warmUp length of each
/// @param rounds rounds that count
/// @param round length of each
/// @param setUp what opening, checking and filling take
record Effort(int forks, int warmUps, Duration warmUp, int rounds, Duration round, Duration setUp) {
    /// One process for everything: the numbers are indications.
    static final Effort QUICK =
            new Effort(0, 2, Duration.ofMillis(400), 3, Duration.ofMillis(200), Duration.ofMillis(3200));

    // Measured: the start of a process, and the ceilings beside each round.
    private static final double FORK_SECONDS = 1;
    private static final double PROBE_SECONDS = 0.08;

    /// What is to be expected.
    double seconds() {
        double once = warmUps * (seconds(warmUp) + PROBE_SECONDS) + rounds * (seconds(round) + PROBE_SECONDS);
        return Math.max(1, forks) * (once + seconds(setUp) + (forks == 0 ? 0 : FORK_SECONDS));
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() * 1e-9;
    }
}
