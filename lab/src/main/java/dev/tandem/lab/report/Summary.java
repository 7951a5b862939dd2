package dev.tandem.lab.report;

import dev.tandem.lab.evaluation.SpeedupFactor;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Function;

/// The tables and sentences of a report, for the terminal and for Markdown alike.
public final class Summary {
    private static final String NONE = "–";
    private static final int SPEEDUP_ROWS = 8;
    private final Report report;

    public Summary(Report report) {
        this.report = report;
    }

    /// One row per quantity, one column per model.
    public Table models() {
        var table = new Table(cells("", ModelReport::name));
        row(table, "validation perplexity", model -> Text.fixed(model.validationPerplexity(), 3));
        row(table, "out-of-domain perplexity", model -> optional(model.outOfDomainPerplexity(), 3));
        var domains = new LinkedHashSet<String>();
        report.models().forEach(model -> domains.addAll(model.outOfDomain().keySet()));
        if (domains.size() > 1) {
            for (String domain : domains) {
                row(
                        table,
                        "  " + domain,
                        model -> model.outOfDomain().containsKey(domain)
                                ? Text.fixed(model.outOfDomain().get(domain), 3)
                                : NONE);
            }
        }
        row(table, "parameters", model -> Text.scaled((double) model.parameters()));
        row(table, "  active per token", model -> Text.scaled((double) model.activeParameters()));
        row(
                table,
                "training tokens",
                model -> Text.scaled((double) model.progress().tokens()));
        row(table, "training FLOPs", model -> Text.scientific(model.progress().flops()));
        row(table, "training time", model -> Text.duration(model.progress().seconds()));
        row(table, "tokens/s", model -> Text.scaled(model.progress().tokensPerSecond()));
        row(table, "GFLOP/s", model -> Text.fixed(model.progress().gigaflopsPerSecond(), 1));
        if (report.models().stream().anyMatch(model -> !model.layers().isEmpty())) {
            row(table, "expert load, busiest ÷ even", model -> worst(model, LayerLoad::busiest, true));
            row(table, "expert load, idlest ÷ even", model -> worst(model, LayerLoad::idlest, false));
            row(
                    table,
                    "dropped choices",
                    model -> model.dropped().isPresent()
                            ? Text.percent(model.dropped().getAsDouble())
                            : NONE);
        }
        return table;
    }

    /// The speedup at up to eight targets, the last being the best performance that both families
    /// reached.
    public Table speedup() {
        var table = new Table("target perplexity", "dense FLOPs", "MoE FLOPs", "speedup");
        var all = report.speedup();
        var shown = new LinkedHashSet<SpeedupFactor>();
        int rows = Math.min(SPEEDUP_ROWS, all.size());
        for (int i = 0; i < rows; i++) {
            shown.add(all.get(rows == 1 ? 0 : i * (all.size() - 1) / (rows - 1)));
        }
        for (var speedup : shown) {
            table.row(
                    Text.fixed(speedup.target(), 3),
                    Text.scientific(speedup.dense()),
                    Text.scientific(speedup.moe()),
                    Text.fixed(speedup.factor(), 2));
        }
        return table;
    }

    /// The outcome in one sentence.
    public String headline() {
        var all = report.speedup();
        if (all.isEmpty()) {
            return "No speedup factor: the two curves have no perplexity in common.";
        }
        var last = all.getLast();
        return "To reach perplexity %s, the dense model needs %s FLOPs and the mixture of experts %s: speedup factor %s."
                .formatted(
                        Text.fixed(last.target(), 3),
                        Text.scientific(last.dense()),
                        Text.scientific(last.moe()),
                        Text.fixed(last.factor(), 2));
    }

    private void row(Table table, String label, Function<ModelReport, String> cell) {
        table.row(cells(label, cell));
    }

    private String[] cells(String label, Function<ModelReport, String> cell) {
        List<String> cells = new ArrayList<>();
        cells.add(label);
        report.models().stream().map(cell).forEach(cells::add);
        return cells.toArray(String[]::new);
    }

    private static String worst(ModelReport model, Function<LayerLoad, Double> measure, boolean largest) {
        var values = model.layers().stream().mapToDouble(measure::apply);
        return optional(largest ? values.max() : values.min(), 2);
    }

    private static String optional(OptionalDouble value, int decimals) {
        return value.isPresent() ? Text.fixed(value.getAsDouble(), decimals) : NONE;
    }
}
