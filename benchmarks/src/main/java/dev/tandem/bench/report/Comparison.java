package dev.tandem.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;

/// What moved between two reports.
///
/// Speeds are compared as parts of what the machine could do in the same second, where both reports
/// know it: a slower clock or a busy neighbour then moves both sides. A change counts if it exceeds
/// three standard errors of the two medians, more where few rounds know their spread badly, and 3 %.
/// Where other processes ran, neither a change nor none says anything, nor where rounds differ too much. Starts,
/// other libraries and scaling over threads are shown, not judged.
public final class Comparison {
    private static final double TOO_NOISY = 0.3;

    private final List<Change> changes = new ArrayList<>();
    private final List<List<String>> starts = new ArrayList<>();
    private final PeerComparison peers = new PeerComparison();
    private final ScalingComparison scaling = new ScalingComparison();
    private final List<String> onlyOld = new ArrayList<>();
    private final List<String> onlyNew = new ArrayList<>();

    /// How far a benchmark moved.
    enum Verdict {
        FASTER,
        SLOWER,
        SAME,
        UNDECIDED,
        DISTURBED
    }

    /// One benchmark in both reports.
    ///
    /// @param ratio new speed over old
    /// @param noise changes of the ratio up to this are noise
    record Change(Measurement before, Measurement after, double ratio, double noise) {
        Verdict verdict() {
            if (before.disturbed() || after.disturbed()) {
                return Verdict.DISTURBED;
            }
            if (Math.abs(Math.log(ratio)) <= noise) {
                return noise > TOO_NOISY ? Verdict.UNDECIDED : Verdict.SAME;
            }
            return ratio > 1 ? Verdict.FASTER : Verdict.SLOWER;
        }
    }

    /// Compares.
    public Comparison(Report before, Report after) {
        pair(before.byIdentity(), after.byIdentity(), (old, now) -> changes.add(change(old, now)));
        pair(before.startsByIdentity(), after.startsByIdentity(), (old, now) -> starts.add(old.movedTo(now)));
        pair(before.peersByIdentity(), after.peersByIdentity(), peers::add);
        pair(before.scalingByIdentity(), after.scalingByIdentity(), scaling::add);
    }

    private <T> void pair(Map<String, T> old, Map<String, T> fresh, BiConsumer<T, T> both) {
        old.forEach((identity, one) -> {
            T now = fresh.get(identity);
            if (now == null) {
                onlyOld.add(identity);
            } else {
                both.accept(one, now);
            }
        });
        fresh.keySet().stream().filter(identity -> !old.containsKey(identity)).forEach(onlyNew::add);
    }

    private static Change change(Measurement before, Measurement after) {
        Optional<Samples> oldShare = before.share();
        Optional<Samples> newShare = after.share();
        boolean relative = oldShare.isPresent() && newShare.isPresent();
        Samples old = relative ? oldShare.orElseThrow() : before.seconds();
        Samples now = relative ? newShare.orElseThrow() : after.seconds();
        double ratio = relative ? now.median() / old.median() : old.median() / now.median();
        return new Change(before, after, ratio, old.noise(now));
    }

    List<Change> changes() {
        return List.copyOf(changes);
    }

    /// Whether any benchmark became slower beyond noise, undisturbed.
    public boolean slower() {
        return changes.stream().anyMatch(change -> change.verdict() == Verdict.SLOWER);
    }

    /// Whether the reports have nothing in common.
    public boolean isEmpty() {
        return changes.isEmpty() && starts.isEmpty() && peers.isEmpty() && scaling.isEmpty();
    }

    /// The comparison for people.
    public String text() {
        var text = new StringBuilder();
        if (!changes.isEmpty()) {
            text.append(judged());
        }
        if (!starts.isEmpty()) {
            text.append(changes.isEmpty() ? "" : "\n").append(StartUp.comparison(starts));
        }
        if (!peers.isEmpty()) {
            text.append(text.isEmpty() ? "" : "\n").append(peers.text());
        }
        if (!scaling.isEmpty()) {
            text.append(text.isEmpty() ? "" : "\n").append(scaling.text());
        }
        onlyOld.forEach(
                name -> text.append("only in the old report: ").append(name).append('\n'));
        onlyNew.forEach(
                name -> text.append("only in the new report: ").append(name).append('\n'));
        return text.toString();
    }

    private String judged() {
        var text = new StringBuilder();
        var rows = new ArrayList<List<String>>();
        for (var change : changes) {
            if (change.verdict() == Verdict.FASTER || change.verdict() == Verdict.SLOWER) {
                rows.add(List.of(
                        change.before().name() + " " + change.before().details(),
                        Text.seconds(change.before().seconds().median()),
                        Text.seconds(change.after().seconds().median()),
                        Text.significant(change.ratio()) + " x",
                        "± " + Text.percent(change.noise()),
                        change.verdict() == Verdict.FASTER ? "faster" : "slower"));
            }
        }
        if (rows.isEmpty()) {
            text.append(count(Verdict.SAME) == 0 ? "Nothing can be told.\n" : "Nothing moved beyond noise.\n");
        } else {
            text.append(Text.table(List.of("benchmark", "old time", "new time", "speed", "noise", "verdict"), rows));
        }
        text.append("\n%d compared: %d faster, %d slower, %d within noise, %d too noisy to tell, %d disturbed.\n"
                .formatted(
                        changes.size(),
                        count(Verdict.FASTER),
                        count(Verdict.SLOWER),
                        count(Verdict.SAME),
                        count(Verdict.UNDECIDED),
                        count(Verdict.DISTURBED)));
        again(text, Verdict.UNDECIDED, "rounds differ too much, measure again");
        again(text, Verdict.DISTURBED, "disturbed by other processes, measure again");
        return text.toString();
    }

    private void again(StringBuilder text, Verdict verdict, String why) {
        for (var change : changes) {
            if (change.verdict() == verdict) {
                text.append("%s: %s %s, %s -> %s ± %s%n"
                        .formatted(
                                why,
                                change.before().name(),
                                change.before().details(),
                                Text.seconds(change.before().seconds().median()),
                                Text.seconds(change.after().seconds().median()),
                                Text.percent(change.noise())));
            }
        }
    }

    private long count(Verdict verdict) {
        return changes.stream().filter(change -> change.verdict() == verdict).count();
    }
}
