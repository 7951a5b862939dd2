package dev.tandem.bench.report;

import java.util.ArrayList;
import java.util.List;

/// The part of the report about what several threads bring.
final class ScalingText {
    private static final double GIGA = 1e9;

    private ScalingText() {}

    /// @param results of Tandem beside itself on one thread
    static String of(List<PeerResult> results) {
        return "Tandem beside itself on one thread, a process each, in the same rounds as other libraries, where"
                + " multiply-adds bound a case. \"Times as fast\" is the median of each round's ratio, which \"per thread\""
                + " divides by their number. A star marks rounds in which others used the processors.\n\n"
                + table(results);
    }

    private static String table(List<PeerResult> results) {
        var rows = new ArrayList<List<String>>();
        for (var result : results) {
            rows.add(List.of(
                    result.question() + (result.disturbed() ? " *" : ""),
                    result.details(),
                    String.valueOf(result.threads()),
                    Text.seconds(result.seconds().median()),
                    Text.seconds(result.ours().median()),
                    Text.significant(result.flops() / GIGA),
                    Text.significant(result.ourFlops() / GIGA),
                    Text.significant(result.advantage()),
                    "± " + Text.percent(result.ratios().noise()),
                    Text.percent(result.advantage() / result.threads())));
        }
        return Text.table(
                List.of(
                        "question",
                        "case",
                        "threads",
                        "time on one",
                        "on all of them",
                        "GFLOP/s on one",
                        "on all of them",
                        "times as fast",
                        "noise",
                        "per thread"),
                rows);
    }
}
