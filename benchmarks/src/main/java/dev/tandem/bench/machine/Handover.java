package dev.tandem.bench.machine;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;

/// How long it takes until one thread sees what another has written: two of them pass a number on, as often as they
/// can.
final class Handover {
    private static final int ROUNDS = 5;
    private static final long ROUND_NANOS = 500_000;
    private static final int TURNS_PER_CLOCK_READ = 8;
    private static final int END = -1;

    private Handover() {}

    /// Seconds of one, in the median round.
    static double seconds() {
        var rounds = new double[ROUNDS];
        for (int round = 0; round < ROUNDS; round++) {
            rounds[round] = round();
        }
        Arrays.sort(rounds);
        return rounds[ROUNDS / 2] * 1e-9;
    }

    private static double round() {
        var number = new AtomicLong(); // odd: it is the partner's turn
        Thread partner = Thread.ofPlatform().daemon().start(() -> {
            long seen = pass(number, 0);
            while (seen != END) {
                seen = pass(number, seen + 1);
            }
        });
        long seen = pass(number, 1); // the partner has begun
        long first = seen;
        long begin = System.nanoTime();
        long now = begin;
        while (now - begin < ROUND_NANOS) {
            for (int turn = 0; turn < TURNS_PER_CLOCK_READ; turn++) {
                seen = pass(number, seen + 1);
            }
            now = System.nanoTime();
        }
        number.set(END);
        try {
            partner.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while measuring the machine's ceilings", e);
        }
        return (double) (now - begin) / (seen - first);
    }

    /// Writes a number and waits for the next.
    private static long pass(AtomicLong number, long written) {
        number.set(written);
        long seen = written;
        while (seen == written) {
            Thread.onSpinWait();
            seen = number.get();
        }
        return seen;
    }
}
