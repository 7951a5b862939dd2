package dev.tandem.lab.report;

import dev.tandem.lab.evaluation.CostCurve;
import dev.tandem.lab.evaluation.SpeedupFactor;
import java.util.List;
import java.util.Map;

/// The outcome of a comparison of dense models and mixtures of experts.
///
/// @param models every trained model
/// @param notes what a reader must know to judge the numbers, one sentence or two each
/// @param provenance how the numbers came about, as JSON values in order
public record Report(List<ModelReport> models, List<String> notes, Map<String, Object> provenance) {
    public Report {
        models = List.copyOf(models);
        notes = List.copyOf(notes);
    }

    /// Validation perplexity against training FLOPs of one family, over all evaluations of its
    /// models.
    public CostCurve curve(ModelReport.Kind kind) {
        return CostCurve.through(
                models.stream()
                        .filter(model -> model.kind() == kind)
                        .flatMap(model -> model.curve().stream())
                        .filter(point -> point.flops() > 0 && Double.isFinite(point.perplexity()))
                        .map(point -> new CostCurve.Point(point.flops(), point.perplexity()))
                        .toList(),
                CostCurve.Better.LOWER);
    }

    /// The speedup factor at every knot of the two curves; empty while a family is missing or
    /// nothing is common.
    public List<SpeedupFactor> speedup() {
        return SpeedupFactor.atKnots(curve(ModelReport.Kind.DENSE), curve(ModelReport.Kind.MOE));
    }

    /// The document `report.json`.
    public String json() {
        return Json.pretty(new Fields()
                .with("models", models.stream().map(ModelReport::json).toList())
                .with("speedup", speedup().stream().map(Report::json).toList())
                .with("notes", notes)
                .with("provenance", provenance)
                .map());
    }

    private static Map<String, Object> json(SpeedupFactor speedup) {
        return new Fields()
                .with("target", speedup.target())
                .with("dense", speedup.dense())
                .with("moe", speedup.moe())
                .with("factor", speedup.factor())
                .map();
    }
}
