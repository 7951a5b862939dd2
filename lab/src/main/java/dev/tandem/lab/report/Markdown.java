package dev.tandem.lab.report;

import java.util.Map;

/// Writes `report.md`.
final class Markdown {
    private Markdown() {}

    static String of(Report report) {
        var summary = new Summary(report);
        var text = new StringBuilder();
        text.append("# Dense against mixture of experts\n\n")
                .append(summary.headline())
                .append("\n\n");
        text.append("![validation perplexity against training FLOPs](")
                .append(Plots.PERPLEXITY)
                .append(")\n\n");
        text.append("## Models\n\n").append(summary.models().markdown()).append('\n');
        if (!report.speedup().isEmpty()) {
            text.append(
                            "## Speedup factor\n\nTraining compute of the dense family over that of the mixture of experts for")
                    .append(" the same validation perplexity; above 1 the mixture of experts is cheaper.\n\n")
                    .append(summary.speedup().markdown())
                    .append("\n![speedup factor against dense FLOPs](")
                    .append(Plots.SPEEDUP)
                    .append(")\n\n");
        }
        if (report.models().stream().anyMatch(model -> !model.layers().isEmpty())) {
            text.append("## Expert load\n\n![expert load per MoE block](")
                    .append(Plots.EXPERT_LOAD)
                    .append(")\n\n");
        }
        text.append("## How to read this\n\n");
        report.notes().forEach(note -> text.append("* ").append(note).append('\n'));
        text.append("\n## Samples\n");
        for (var model : report.models()) {
            text.append("\n**")
                    .append(model.name())
                    .append("**\n\n")
                    .append(fenced(model.sample()))
                    .append('\n');
        }
        text.append("\n## Provenance\n\n").append(list(report.provenance()));
        for (var model : report.models()) {
            text.append("\n**").append(model.name()).append("**\n\n").append(list(model.configuration()));
        }
        return text.toString();
    }

    private static String list(Map<String, Object> fields) {
        var list = new StringBuilder();
        fields.forEach((name, value) -> list.append("* ")
                .append(name)
                .append(": ")
                .append(value instanceof String text ? text : Json.line(value))
                .append('\n'));
        return list.toString();
    }

    /// A fence longer than any run of backticks within.
    private static String fenced(String sample) {
        String fence = "```";
        while (sample.contains(fence)) {
            fence += "`";
        }
        return fence + "text\n" + sample + (sample.endsWith("\n") ? "" : "\n") + fence + "\n";
    }
}
