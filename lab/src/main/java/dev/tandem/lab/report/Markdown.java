package dev.tandem.lab.report;

import java.util.Map;
import java.util.Set;

/// Writes `report.md`.
final class Markdown {
    private Markdown() {}

    /// @param drawn names of the plots that exist
    static String of(Report report, Set<String> drawn) {
        var summary = new Summary(report);
        var text = new StringBuilder();
        text.append("# Dense against mixture of experts\n\n")
                .append(summary.headline())
                .append("\n\n");
        text.append(image(drawn, "validation perplexity against training FLOPs", Plots.PERPLEXITY));
        text.append("## Models\n\n").append(summary.models().markdown()).append('\n');
        if (!report.speedup().isEmpty()) {
            text.append(
                            "## Speedup factor\n\nTraining compute of the dense family over that of the mixture of experts for")
                    .append(" the same validation perplexity; above 1 the mixture of experts is cheaper.\n\n")
                    .append(summary.speedup().markdown())
                    .append('\n')
                    .append(image(drawn, "speedup factor against dense FLOPs", Plots.SPEEDUP));
        }
        if (drawn.contains(Plots.EXPERT_LOAD)) {
            text.append("## Expert load\n\n").append(image(drawn, "expert load per MoE block", Plots.EXPERT_LOAD));
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

    private static String image(Set<String> drawn, String what, String file) {
        return drawn.contains(file) ? "![%s](%s)\n\n".formatted(what, file) : "";
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
