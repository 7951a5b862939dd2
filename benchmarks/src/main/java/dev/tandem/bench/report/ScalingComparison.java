package dev.tandem.bench.report;

import java.util.ArrayList;
import java.util.List;

/// Whether two reports agree on what several threads bring. Shown, not judged.
final class ScalingComparison {
    private final List<List<String>> moved = new ArrayList<>();
    private int compared;

    void add(PeerResult before, PeerResult after) {
        compared++;
        if (before.moved(after)) {
            moved.add(List.of(
                    "%s %s, %s".formatted(before.question(), before.details(), before.threadsText()),
                    times(before),
                    times(after)));
        }
    }

    private static String times(PeerResult result) {
        return "%s ± %s"
                .formatted(
                        Text.significant(result.advantage()),
                        Text.percent(result.ratios().noise()));
    }

    boolean isEmpty() {
        return compared == 0;
    }

    String text() {
        String counts = "Of %d cases on several threads and on one %d scale otherwise, beyond noise.\n"
                .formatted(compared, moved.size());
        return moved.isEmpty()
                ? counts
                : counts + Text.table(List.of("case", "times as fast as one thread, old", "new"), moved);
    }
}
