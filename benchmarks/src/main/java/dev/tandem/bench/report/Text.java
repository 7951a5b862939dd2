package dev.tandem.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Numbers and tables for people.
public final class Text {
    private static final double THOUSAND = 1e3;
    private static final String[] TIMES = {"s", "ms", "µs", "ns"};

    private Text() {}

    /// `12.6 ms`.
    static String seconds(double seconds) {
        double value = seconds;
        int unit = 0;
        while (value < 1 && unit < TIMES.length - 1) {
            value *= THOUSAND;
            unit++;
        }
        return significant(value) + " " + TIMES[unit];
    }

    /// Three digits.
    static String significant(double value) {
        int digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
        return String.format(Locale.ROOT, "%." + digits + "f", value);
    }

    /// `69 %`.
    static String percent(double part) {
        return String.format(Locale.ROOT, "%.0f %%", 100 * part);
    }

    /// What a benchmark says of speed: `323 GFLOP/s`, `42.3 GB/s`.
    static String speed(Measurement measurement) {
        return measurement.computes()
                ? significant(measurement.flops() / 1e9) + " GFLOP/s"
                : significant(measurement.bytesPerSecond() / 1e9) + " GB/s";
    }

    /// One line about the ceilings, for the terminal.
    public static String line(Machine machine) {
        return "ceilings on %d %s: %s GFLOP/s, %s GB/s from memory, %s GB/s from cache"
                .formatted(
                        machine.threads(),
                        machine.threads() == 1 ? "thread" : "threads",
                        significant(machine.flops() / 1e9),
                        significant(machine.memory().readBytes() / 1e9),
                        significant(machine.cached().readBytes() / 1e9));
    }

    /// One line about a measurement, for the terminal.
    public static String line(Measurement measurement) {
        return "%-34s %-36s %8s %12s %s%s"
                .formatted(
                        measurement.name(),
                        measurement.details(),
                        seconds(measurement.seconds().median()),
                        speed(measurement),
                        measurement
                                .share()
                                .map(share -> "%6s of attainable".formatted(percent(share.median())))
                                .orElse(""),
                        measurement.disturbed() ? ", disturbed by " + disturbance(measurement) : "");
    }

    /// One line about a peer, for the terminal.
    public static String line(PeerResult result) {
        return "%-24s %-30s %-9s %-18s %8s, Tandem %8s%s: %s times as fast%s"
                .formatted(
                        result.question(),
                        result.details(),
                        result.threadsText(),
                        result.library(),
                        seconds(result.seconds().median()),
                        seconds(result.ours().median()),
                        result.share()
                                .map(share -> " (%s of attainable)".formatted(percent(share.median())))
                                .orElse(""),
                        significant(result.advantage()),
                        result.disturbed()
                                ? ", disturbed by others (%s of the processors)".formatted(percent(result.foreign()))
                                : "");
    }

    /// `other processes (12 % of the processors)`.
    static String disturbance(Measurement measurement) {
        return measurement.foreign() >= measurement.stolen()
                ? "other processes (%s of the processors)".formatted(percent(measurement.foreign()))
                : "the host (%s of the processors taken away)".formatted(percent(measurement.stolen()));
    }

    /// A Markdown table, its first column to the left and the others to the right.
    static String table(List<String> headings, List<List<String>> rows) {
        var all = new ArrayList<List<String>>();
        all.add(headings);
        all.addAll(rows);
        var widths = new int[headings.size()];
        for (var row : all) {
            for (int c = 0; c < widths.length; c++) {
                widths[c] = Math.max(widths[c], row.get(c).length());
            }
        }
        var text = new StringBuilder();
        for (int r = 0; r < all.size(); r++) {
            for (int c = 0; c < widths.length; c++) {
                String cell = all.get(r).get(c);
                String blanks = " ".repeat(widths[c] - cell.length());
                text.append("| ").append(c == 0 ? cell + blanks : blanks + cell).append(' ');
            }
            text.append("|\n");
            if (r == 0) {
                for (int c = 0; c < widths.length; c++) {
                    text.append('|').append("-".repeat(widths[c] + 1)).append(c == 0 ? '-' : ':');
                }
                text.append("|\n");
            }
        }
        return text.toString();
    }
}
