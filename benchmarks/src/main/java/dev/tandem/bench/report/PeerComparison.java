package dev.tandem.bench.report;

import java.util.ArrayList;
import java.util.List;

/// Whether two reports agree on who is faster, Tandem or a library: they do not where the verdict is another and the
/// ratio moved by more than its rounds differ in both. Shown, not judged: a library may be another.
final class PeerComparison {
    private final List<List<String>> turned = new ArrayList<>();
    private int compared;
    private int even;

    void add(PeerResult before, PeerResult after) {
        compared++;
        if (before.verdict() == PeerResult.Verdict.EVEN && after.verdict() == PeerResult.Verdict.EVEN) {
            even++;
        }
        double moved = Math.abs(Math.log(after.advantage() / before.advantage()));
        if (before.verdict() != after.verdict() && moved > before.ratios().noise(after.ratios())) {
            turned.add(
                    List.of(before.question() + " " + before.details(), before.library(), times(before), times(after)));
        }
    }

    private static String times(PeerResult result) {
        return "%s ± %s, %s"
                .formatted(
                        Text.significant(result.advantage()),
                        Text.percent(result.ratios().noise()),
                        result.verdict());
    }

    boolean isEmpty() {
        return compared == 0;
    }

    String text() {
        String agreed =
                "%d of %d comparisons with other libraries say the same of who is faster, %d of them that neither is.\n"
                        .formatted(compared - turned.size(), compared, even);
        return turned.isEmpty()
                ? agreed
                : agreed + Text.table(List.of("case", "library", "times as fast, old", "new"), turned);
    }
}
