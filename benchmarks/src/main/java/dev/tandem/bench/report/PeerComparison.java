package dev.tandem.bench.report;

import java.util.ArrayList;
import java.util.List;

/// Whether two reports agree on who is faster, Tandem or a library. Shown, not judged: a library may be another.
final class PeerComparison {
    // Nobody is faster, or nothing has changed.
    private static final double EVEN = 0.03;

    private final List<List<String>> turned = new ArrayList<>();
    private int compared;

    void add(PeerResult before, PeerResult after) {
        compared++;
        double old = before.advantage();
        double now = after.advantage();
        if (winner(old) != winner(now) && Math.abs(now / old - 1) > EVEN) {
            turned.add(List.of(
                    before.question() + " " + before.details(),
                    before.library(),
                    Text.significant(old),
                    Text.significant(now)));
        }
    }

    private static int winner(double advantage) {
        return Math.abs(advantage - 1) <= EVEN ? 0 : advantage > 1 ? 1 : -1;
    }

    boolean isEmpty() {
        return compared == 0;
    }

    String text() {
        String agreed = "%d of %d comparisons with other libraries say the same of who is faster.\n"
                .formatted(compared - turned.size(), compared);
        return turned.isEmpty()
                ? agreed
                : agreed + Text.table(List.of("case", "library", "times as fast, old", "new"), turned);
    }
}
