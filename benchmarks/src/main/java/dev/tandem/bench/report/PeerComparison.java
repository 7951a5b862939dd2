package dev.tandem.bench.report;

import java.util.ArrayList;
import java.util.List;

/// Whether two reports agree on who is faster, Tandem or a library. Shown, not judged: a library may be another.
final class PeerComparison {
    private final List<List<String>> turned = new ArrayList<>();
    private int compared;
    private int same;
    private int even;

    void add(PeerResult before, PeerResult after) {
        compared++;
        if (before.verdict() == after.verdict()) {
            same++;
            even += before.verdict() == PeerResult.Verdict.EVEN ? 1 : 0;
        } else if (before.moved(after)) {
            turned.add(List.of(
                    before.question() + " " + before.details(), before.library(), answer(before), answer(after)));
        }
    }

    private static String answer(PeerResult result) {
        return result.times() + ", " + result.verdict();
    }

    boolean isEmpty() {
        return compared == 0;
    }

    String text() {
        String counts =
                ("Of %d comparisons with other libraries %d have the same verdict in both reports (%d of them even), "
                                + "%d another one within noise, %d another one.\n")
                        .formatted(compared, same, even, compared - same - turned.size(), turned.size());
        return turned.isEmpty()
                ? counts
                : counts + Text.table(List.of("case", "library", "times as fast, old", "new"), turned);
    }
}
