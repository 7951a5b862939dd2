package dev.tandem.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The part of the report about other libraries.
final class PeerText {
    private static final double GIGA = 1e9;

    private PeerText() {}

    static String of(PeerReport peers) {
        var text = new StringBuilder();
        text.append("One process for each contestant, in turns, so many rounds as samples in bench.json; the others"
                + " have parked. Every result was compared with Tandem's before it was timed. \"Tandem over"
                + " it\" is the median of each round's ratio, above 1 where Tandem is faster; \"of attainable\" what Tandem"
                + " reached of the ceilings measured in the same round, memory over as many bytes as its calls go through. Weights are used again by the next"
                + " call, and warm as far as caches hold them, unless a line says cold: then each call finds another"
                + " of as many copies as fill 256 MiB. Tandem is faster or slower where the ratio differs from 1 by more than noise,"
                + " which is three standard errors of the median, more where rounds are few, or 3 %, whichever is"
                + " larger. A star marks rounds in which others used the processors.\n\n");
        list(text, peers.versions(), "- %s %s\n");
        list(text, peers.absent(), "- %s was not asked: %s\n");
        if (!peers.libraries().isEmpty()) {
            text.append('\n').append(table(peers.libraries()));
        }
        return text.toString();
    }

    private static void list(StringBuilder text, Map<String, String> entries, String line) {
        entries.forEach((name, value) -> text.append(line.formatted(name, value)));
    }

    private static String table(List<PeerResult> results) {
        var rows = new ArrayList<List<String>>();
        for (var result : results) {
            rows.add(List.of(
                    result.question() + (result.disturbed() ? " *" : ""),
                    result.details(),
                    String.valueOf(result.threads()),
                    result.library(),
                    Text.seconds(result.seconds().median()),
                    Text.seconds(result.ours().median()),
                    Text.significant(result.flops() / GIGA),
                    Text.significant(result.ourFlops() / GIGA),
                    result.share().map(share -> Text.percent(share.median())).orElse("unknown"),
                    Text.significant(result.advantage()),
                    "± " + Text.percent(result.ratios().noise()),
                    result.verdict().toString()));
        }
        return Text.table(
                List.of(
                        "question",
                        "case",
                        "threads",
                        "library",
                        "its time",
                        "Tandem's",
                        "its GFLOP/s",
                        "Tandem's",
                        "of attainable",
                        "Tandem over it",
                        "noise",
                        "Tandem is"),
                rows);
    }
}
