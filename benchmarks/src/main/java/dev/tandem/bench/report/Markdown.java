package dev.tandem.bench.report;

import dev.tandem.bench.machine.Ceilings;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/// The report for people.
final class Markdown {
    private static final double GIGA = 1e9;

    private Markdown() {}

    /// @param plots file names and what they show, without their folder
    static String of(Report report, Collection<String> plots) {
        var text = new StringBuilder("# Benchmarks\n\n");
        report.provenance().forEach((name, value) -> text.append("- %s: %s\n".formatted(name, value)));
        text.append("\n## What the machine can do\n\n")
                .append(
                        "Measured before everything else; each benchmark is compared with ceilings measured again beside"
                                + " every one of its rounds, memory over as many bytes as its calls go through."
                                + " Copied and updated bytes count twice: read and written."
                                + " A hand-over is the time until one thread sees what another has written.\n\n")
                .append(ceilings(report));
        if (!report.measurements().isEmpty()) {
            text.append("\n## Reading\n\n").append(reading(report));
            text.append("\n## Measurements\n\n").append(measurements(report));
        }
        if (!report.starts().isEmpty()) {
            text.append("\n## Start-up and memory\n\n").append(StartUp.text(report.starts()));
        }
        if (!report.peers().isEmpty()) {
            text.append("\n## Other libraries\n\n").append(PeerText.of(report.peers()));
        }
        if (!report.peers().scaling().isEmpty()) {
            text.append("\n## Scaling over threads\n\n")
                    .append(ScalingText.of(report.peers().scaling()));
        }
        if (!report.failures().isEmpty()) {
            text.append("\n## Failed\n\n");
            report.failures().forEach((name, reason) -> text.append("- `%s`: %s\n".formatted(name, reason)));
        }
        if (!plots.isEmpty()) {
            text.append("\n## Plots\n\n");
            plots.forEach(plot -> text.append("![%s](%s)\n\n".formatted(plot.replace(".png", ""), plot)));
        }
        return text.toString();
    }

    private static String ceilings(Report report) {
        var rows = new ArrayList<List<String>>();
        for (var machine : report.machines()) {
            rows.add(row(machine, "½ MiB per core", machine.cached()));
            rows.add(row(machine, "32 MiB", machine.shared()));
            rows.add(row(machine, "256 MiB", machine.memory()));
        }
        return Text.table(
                List.of(
                        "memory",
                        "threads",
                        "multiply-add, GFLOP/s",
                        "read, GB/s",
                        "copy, GB/s",
                        "write, GB/s",
                        "update, GB/s",
                        "hand-over"),
                rows);
    }

    private static List<String> row(Machine machine, String memory, Ceilings ceilings) {
        return List.of(
                memory,
                String.valueOf(machine.threads()),
                Text.significant(ceilings.flops() / GIGA),
                Text.significant(ceilings.readBytes() / GIGA),
                Text.significant(ceilings.copyBytes() / GIGA),
                Text.significant(ceilings.writeBytes() / GIGA),
                Text.significant(ceilings.updateBytes() / GIGA),
                ceilings.handover() == 0 ? "–" : Text.seconds(ceilings.handover()));
    }

    private static String reading(Report report) {
        var known = report.measurements().stream()
                .filter(measurement -> measurement.share().isPresent())
                .sorted(Comparator.comparingDouble(
                        measurement -> measurement.share().orElseThrow().median()))
                .toList();
        var text = new StringBuilder();
        if (!known.isEmpty()) {
            long high = known.stream()
                    .filter(measurement -> measurement.share().orElseThrow().median() >= 0.7)
                    .count();
            text.append("%d of %d measurements reach 70 %% of what bounds them. Furthest from it: %s.\n"
                    .formatted(
                            high,
                            known.size(),
                            String.join(
                                    "; ",
                                    known.stream()
                                            .limit(3)
                                            .map(measurement -> "%s %s (%s)"
                                                    .formatted(
                                                            measurement.name(),
                                                            measurement.details(),
                                                            Text.percent(measurement
                                                                    .share()
                                                                    .orElseThrow()
                                                                    .median())))
                                            .toList())));
        }
        long disturbed =
                report.measurements().stream().filter(Measurement::disturbed).count();
        text.append(
                disturbed == 0
                        ? "\nNo measurement was disturbed by other processes or by the host.\n"
                        : "\n%s disturbed by other processes or by the host, marked with *.\n"
                                .formatted(disturbed == 1 ? "1 measurement was" : disturbed + " measurements were"));
        text.append(handovers(report));
        return text.toString();
    }

    /// Empty where none was measured.
    private static String handovers(Report report) {
        double[] sorted = report.measurements().stream()
                .flatMap(measurement -> measurement.ceilings().stream())
                .mapToDouble(Ceilings::handover)
                .filter(seconds -> seconds > 0)
                .sorted()
                .toArray();
        if (sorted.length == 0) {
            return "";
        }
        return "\nOne thread saw what another had written after %s at least, %s in the median, %s at most.\n"
                .formatted(
                        Text.seconds(sorted[0]),
                        Text.seconds(sorted[sorted.length / 2]),
                        Text.seconds(sorted[sorted.length - 1]));
    }

    private static String measurements(Report report) {
        var rows = new ArrayList<List<String>>();
        for (var measurement : report.measurements()) {
            rows.add(List.of(
                    measurement.name() + (measurement.disturbed() ? " *" : ""),
                    measurement.details(),
                    Text.seconds(measurement.seconds().median()),
                    "± " + Text.percent(measurement.seconds().uncertainty()),
                    Text.significant(measurement.flops() / GIGA),
                    Text.significant(measurement.bytesPerSecond() / GIGA),
                    measurement.computes() ? "compute" : "memory",
                    measurement
                            .share()
                            .map(share -> Text.percent(share.median()))
                            .orElse("unknown"),
                    measurement.heap().isPresent()
                            ? "%.0f".formatted(measurement.heap().getAsDouble())
                            : "unknown"));
        }
        return Text.table(
                List.of(
                        "benchmark",
                        "case",
                        "time",
                        "error",
                        "GFLOP/s",
                        "GB/s",
                        "bound by",
                        "of attainable",
                        "heap per call, bytes"),
                rows);
    }
}
