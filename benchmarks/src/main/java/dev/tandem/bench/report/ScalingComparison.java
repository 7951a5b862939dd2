package dev.tandem.bench.report;

import java.util.ArrayList;
import java.util.List;

/// Whether two reports agree on what several threads bring, where nobody else computed. Shown, not judged.
final class ScalingComparison {
    private final List<List<String>> moved = new ArrayList<>();
    private int compared;
    private int disturbed;

    void add(PeerResult before, PeerResult after) {
        compared++;
        if (before.disturbed() || after.disturbed()) {
            disturbed++;
        } else if (before.moved(after)) {
            moved.add(List.of(
                    "%s %s, %s".formatted(before.question(), before.details(), before.threadsText()),
                    before.times(),
                    after.times()));
        }
    }

    boolean isEmpty() {
        return compared == 0;
    }

    String text() {
        String counts = "Scaling over threads: cases %d, moved beyond noise %d, disturbed by other processes %d.\n"
                .formatted(compared, moved.size(), disturbed);
        return moved.isEmpty()
                ? counts
                : counts + Text.table(List.of("case", "times as fast as one thread, old", "new"), moved);
    }
}
