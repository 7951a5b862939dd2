package dev.tandem.lab.cli;

import dev.tandem.lab.report.ModelReport;
import dev.tandem.lab.report.Text;
import dev.tandem.lab.training.Budget;
import dev.tandem.lab.training.Comparison;
import dev.tandem.lab.training.ModelSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// What a reader must know to judge a comparison.
final class Notes {
    private Notes() {}

    static List<String> of(Comparison comparison, Comparison.Outcome outcome, boolean interrupted) {
        var notes = new ArrayList<String>();
        outcome.failure().ifPresent(failure -> notes.add("**The run failed:** " + failure));
        if (interrupted) {
            notes.add(
                    "**The run was ended early**; the learning rates had not fallen to 0, so the models are worse than"
                            + " finished ones.");
        }
        notes.add("All models see the same batches in the same order and take turns on the machine, at equal training"
                + " FLOPs.");
        notes.add("Highest learning rates: "
                + comparison.models().stream().map(Notes::rate).collect(Collectors.joining(", "))
                + ". The defaults are the best of a sweep for each family at the default size and length of run; other"
                + " sizes deserve a sweep of their own (--dense-rate, --moe-rate, --expert-rule).");
        notes.add("FLOPs by the paper's formula for training without recomputation, 72·M·L·C²·(κ + T/6C + V/12LC):"
                + " multiply-adds of the layers and the output, causality not discounted. Gates, dispatch, norms and empty"
                + " slots are not counted, dropped choices are" + gateShare(comparison) + ".");
        notes.add(
                "The last point of each curve belongs to a finished schedule. The points before it were measured in the"
                        + " middle of one, while the learning rate was still high; a run planned to end there would reach a lower"
                        + " perplexity. Both families are treated alike, yet where the end of one curve is compared with the middle"
                        + " of the other, the factor puts the latter at a disadvantage.");
        notes.add(
                "Perplexity is e^(mean nats per token) of the %s tokenizer over %s tokens in blocks of %d, the same for"
                                .formatted(
                                        comparison.data().tokenizer().name(),
                                        Text.grouped(
                                                comparison.data().validation().tokens()),
                                        comparison.data().training().T())
                        + " every model; no expert drops a token in evaluation. Perplexities of different tokenizers or block"
                        + " lengths cannot be compared.");
        notes.add("The out-of-domain perplexity is the unweighted mean over its sets, as in the paper.");
        notes.add("Expert load and dropped choices are those of training since the last evaluation but one.");
        if (comparison.budget() instanceof Budget.Time) {
            notes.add(
                    "The number of updates followed from the measured speed. With `--flops %s --seed %d --validation-tokens %d`"
                                    .formatted(
                                            outcome.flops(),
                                            comparison.seed(),
                                            comparison.data().validation().tokens())
                            + " and the other options as they were it is the same anywhere.");
        }
        return notes;
    }

    private static String rate(ModelSettings model) {
        String rate = Text.scientific(model.learningRate()) + " for " + model.name();
        return model.kind() == ModelReport.Kind.DENSE
                ? rate
                : rate + " (rule for its experts: " + model.expertRule() + ")";
    }

    private static String gateShare(Comparison comparison) {
        return comparison.models().stream()
                .filter(model -> model.gateShare() > 0)
                .findFirst()
                .map(model ->
                        " (the gates would add " + Text.percent(model.gateShare()) + " to the mixture of experts)")
                .orElse("");
    }
}
