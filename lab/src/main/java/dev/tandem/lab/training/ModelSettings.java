package dev.tandem.lab.training;

import dev.tandem.engine.kernel.Capacity;
import dev.tandem.gpt.ExpertRule;
import dev.tandem.gpt.FeedForward;
import dev.tandem.gpt.GptConfig;
import dev.tandem.gpt.Precision;
import dev.tandem.gpt.cost.FlopCount;
import dev.tandem.lab.report.Fields;
import dev.tandem.lab.report.ModelReport.Kind;
import java.util.Map;

/// A model to be trained, and how.
///
/// @param name for reports
/// @param config the model
/// @param precision what it computes in
/// @param learningRate its highest value
/// @param experts what is different for parameters of experts
/// @param weightDecay decoupled
/// @param clipNorm global gradient norm above which gradients are scaled down; 0 never does
/// @param warmup updates until the learning rate is at its highest
/// @param B sequences in a batch
/// @param seed of the weights and of random choices in training
public record ModelSettings(
        String name,
        GptConfig config,
        Precision precision,
        double learningRate,
        ExpertRule experts,
        double weightDecay,
        double clipNorm,
        int warmup,
        int B,
        long seed) {

    /// The family it belongs to.
    public Kind kind() {
        return config.expertBlocks() > 0 ? Kind.MOE : Kind.DENSE;
    }

    /// Tokens of one update.
    public int tokensPerUpdate() {
        return B * config.T();
    }

    /// Training FLOPs per token by the paper's formula, without recomputation and without the gate:
    ///
    ///     72 · L · C² · (κ + T/(6C) + V/(12·L·C))        κ = 1 dense, 4/3 for top-2 in every second block
    public double flopsPerToken() {
        var count = FlopCount.of(config, config.T());
        return 3 * (count.attention() + count.feedForward() + count.head());
    }

    /// Training FLOPs of one update.
    public double flopsPerUpdate() {
        return flopsPerToken() * tokensPerUpdate();
    }

    /// What the gates cost beyond [#flopsPerToken], as a share of it.
    public double gateShare() {
        return 3 * FlopCount.of(config, config.T()).gate() / flopsPerToken();
    }

    /// Sizes and settings for a report.
    Map<String, Object> describe() {
        var fields = new Fields()
                .with("layers", config.L())
                .with("width", config.C())
                .with("heads", config.H())
                .with("feedForwardWidth", config.feedForward().F())
                .with("vocabulary", config.V())
                .with("block", config.T())
                .with("batch", B)
                .with("dropout", config.dropout())
                .with("precision", precision.name());
        if (config.feedForward() instanceof FeedForward.Experts moe) {
            fields.with("experts", moe.E())
                    .with("expertsPerToken", moe.K())
                    .with("expertsInEveryNthBlock", moe.every())
                    .with("capacity", words(moe.gate().capacity()))
                    .with("balanceLoss", moe.balanceLoss().weight())
                    .with("expertRule", expertRule())
                    .with("gateFlopsNotCounted", gateShare());
        }
        return fields.with("learningRate", learningRate)
                .with("warmup", warmup)
                .with("weightDecay", weightDecay)
                .with("clipNorm", clipNorm)
                .with("seed", seed)
                .with("flopsPerToken", flopsPerToken())
                .map();
    }

    /// What is different for parameters of experts, in words.
    public String expertRule() {
        return switch (experts) {
            case ExpertRule.LearningRate _ -> "learning rate / √E";
            case ExpertRule.GradientScale scale -> "gradient · " + scale.factor();
            case ExpertRule.None _ -> "none";
        };
    }

    private static String words(Capacity capacity) {
        return switch (capacity) {
            case Capacity.Training training -> training.factor() + " · ceil(tokens/E) slots";
            case Capacity.Fraction fraction -> fraction.fraction() + " · tokens slots";
            case Capacity.Dropless _ -> "dropless";
        };
    }
}
