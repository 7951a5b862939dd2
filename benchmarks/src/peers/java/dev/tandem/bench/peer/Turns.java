package dev.tandem.bench.peer;

/// Times a contestant.
final class Turns {
    private static final double TURN_SECONDS = 0.1;

    // Wakes what has parked between two turns; nothing beside a call that takes longer.
    private static final double WAKING_SECONDS = 0.05;

    // Until four windows in a row bring no more than 2 %: compilers are done.
    private static final double WINDOW_SECONDS = 0.25;
    private static final double MOST_SECONDS = 15;
    private static final double GAIN = 0.98;
    private static final int STABLE_WINDOWS = 4;

    private final Contestant contestant;
    private double last = Double.MAX_VALUE;

    Turns(Contestant contestant) {
        this.contestant = contestant;
    }

    /// Runs until it becomes no faster.
    ///
    /// @return seconds of one call at the end
    double warmUp() {
        long begin = System.nanoTime();
        double best = Double.MAX_VALUE;
        int stable = 0;
        while (seconds(begin) < MOST_SECONDS && (seconds(begin) < contestant.warmUpSeconds() || stable < STABLE_WINDOWS)) {
            contestant.begin();
            double now = window(WINDOW_SECONDS);
            stable = now < best * GAIN ? 0 : stable + 1;
            best = Math.min(best, now);
        }
        last = best;
        return best;
    }

    /// One turn.
    ///
    /// @return seconds of one call, of as many as fit
    double take() {
        contestant.begin();
        if (last < WAKING_SECONDS) {
            contestant.run();
        }
        last = window(TURN_SECONDS);
        return last;
    }

    private double window(double seconds) {
        long begin = System.nanoTime();
        int calls = 0;
        do {
            contestant.run();
            calls++;
        } while (seconds(begin) < seconds);
        return seconds(begin) / calls;
    }

    private static double seconds(long begin) {
        return (System.nanoTime() - begin) * 1e-9;
    }
}
