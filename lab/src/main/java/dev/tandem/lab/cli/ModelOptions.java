package dev.tandem.lab.cli;

import dev.tandem.engine.Backend;
import dev.tandem.engine.kernel.Capacity;
import dev.tandem.engine.kernel.GateOptions;
import dev.tandem.engine.kernel.SecondPolicy;
import dev.tandem.gpt.BalanceLoss;
import dev.tandem.gpt.ExpertRule;
import dev.tandem.gpt.FeedForward;
import dev.tandem.gpt.GptConfig;
import dev.tandem.gpt.Precision;
import dev.tandem.lab.BadInputException;
import dev.tandem.lab.training.ModelSettings;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Option;

/// Sizes and training settings of the dense model and its mixture-of-experts twin. The defaults are
/// what was measured to be good for a minute of training on two cores.
final class ModelOptions {
    private enum Rule {
        LEARNING_RATE,
        GRADIENT_SCALE,
        NONE;

        ExpertRule of(int E) {
            return switch (this) {
                case LEARNING_RATE -> new ExpertRule.LearningRate();
                case GRADIENT_SCALE -> new ExpertRule.GradientScale(1 / Math.sqrt(E));
                case NONE -> new ExpertRule.None();
            };
        }
    }

    @Option(
            names = "--layers",
            paramLabel = "L",
            defaultValue = "2",
            description = "Blocks, 1 to 96. Default: ${DEFAULT-VALUE}.")
    private int layers;

    @Option(
            names = "--width",
            paramLabel = "C",
            defaultValue = "64",
            description = "Channels, 4 to 12288. Default: ${DEFAULT-VALUE}.")
    private int width;

    @Option(
            names = "--heads",
            paramLabel = "H",
            defaultValue = "2",
            description = "Attention heads; must divide the width. Default: ${DEFAULT-VALUE}.")
    private int heads;

    @Option(
            names = "--experts",
            paramLabel = "E",
            defaultValue = "32",
            description = "Experts of an MoE block, 2 to 4096. Default: ${DEFAULT-VALUE}.")
    private int experts;

    @Option(
            names = "--top-k",
            paramLabel = "K",
            defaultValue = "2",
            description = "Experts per token, 1 to the number of experts. Default: ${DEFAULT-VALUE}.")
    private int topK;

    @Option(
            names = "--every",
            paramLabel = "N",
            defaultValue = "2",
            description = "Experts in every N-th block. Default: ${DEFAULT-VALUE}.")
    private int every;

    @Option(
            names = "--capacity-factor",
            paramLabel = "X",
            defaultValue = "2",
            description = "Slots per expert in training = X · ceil(tokens/E), 0.1 to 1000. Default: ${DEFAULT-VALUE}.")
    private double capacityFactor;

    @Option(
            names = "--balance-loss",
            paramLabel = "X",
            defaultValue = "0.01",
            description = "Weight of the balance loss, 0 to 10. Default: ${DEFAULT-VALUE}.")
    private double balanceLoss;

    @Option(
            names = "--expert-rule",
            paramLabel = "RULE",
            defaultValue = "none",
            description =
                    "What the optimizer does for experts: learning_rate or gradient_scale (divides it by √E), or none."
                            + " Default: ${DEFAULT-VALUE}.")
    private Rule expertRule = Rule.NONE;

    @Option(
            names = "--block",
            paramLabel = "T",
            defaultValue = "64",
            description = "Tokens in a sequence, 2 to 65536. Default: ${DEFAULT-VALUE}.")
    private int block;

    @Option(
            names = "--batch",
            paramLabel = "B",
            defaultValue = "64",
            description = "Sequences in a batch, 1 to 65536. Default: ${DEFAULT-VALUE}.")
    private int batch;

    @Option(
            names = "--dense-rate",
            paramLabel = "X",
            defaultValue = "0.024",
            description = "Highest learning rate of the dense model, up to 1000. Default: ${DEFAULT-VALUE}.")
    private double denseRate;

    @Option(
            names = "--moe-rate",
            paramLabel = "X",
            defaultValue = "0.012",
            description = "Highest learning rate of the MoE, up to 1000. Default: ${DEFAULT-VALUE}.")
    private double moeRate;

    @Option(
            names = "--warmup",
            paramLabel = "N",
            defaultValue = "100",
            description =
                    "Updates until the highest learning rate; at most a fifth of the run. Default: ${DEFAULT-VALUE}.")
    private int warmup;

    @Option(
            names = "--weight-decay",
            paramLabel = "X",
            defaultValue = "0.01",
            description = "Decoupled weight decay, 0 to 1. Default: ${DEFAULT-VALUE}.")
    private double weightDecay;

    @Option(
            names = "--clip",
            paramLabel = "X",
            defaultValue = "0",
            description =
                    "Gradient norm above which gradients are scaled down; 0 never does. Default: ${DEFAULT-VALUE}.")
    private double clip;

    @Option(
            names = "--dropout",
            paramLabel = "P",
            defaultValue = "0",
            description = "Dropout probability, 0 to 0.9. Default: ${DEFAULT-VALUE}.")
    private double dropout;

    @Option(
            names = "--precision",
            paramLabel = "TYPE",
            defaultValue = "f32",
            description = "What activations and the weights that they meet are stored in: f32, or bf16 on backends that"
                    + " offer it. Sums, parameters and what the optimizer keeps are f32. Default: ${DEFAULT-VALUE}.")
    private Precision precision = Precision.F32;

    int block() {
        return block;
    }

    /// Requires that a backend computes in the precision that was chosen.
    ///
    /// @throws BadInputException if it does not
    void requireOffered(Backend backend) {
        if (!backend.offers(precision.type())) {
            throw new BadInputException(
                    "--precision " + precision.name().toLowerCase(Locale.ROOT),
                    "backend '" + backend.name() + "' does not compute in " + precision,
                    "Choose --precision f32, or --backend cuda where there is a GPU for it");
        }
    }

    /// The dense model and its twin with experts.
    ///
    /// @param V vocabulary
    /// @throws BadInputException if a value is out of range or sizes do not fit together
    List<ModelSettings> models(int V, long seed) {
        validate();
        var dense = GptConfig.gpt3(V, block, layers, width, heads).withDropout(dropout);
        var gate = new GateOptions(topK, SecondPolicy.ALL, false, false, new Capacity.Training(capacityFactor), false);
        var moe = dense.withFeedForward(new FeedForward.Experts(
                4 * width, experts, every, gate, true, new BalanceLoss(balanceLoss, BalanceLoss.Combine.SUM)));
        ExpertRule rule = expertRule.of(experts);
        return List.of(
                new ModelSettings("dense", dense, precision, denseRate, rule, weightDecay, clip, warmup, batch, seed),
                new ModelSettings(
                        "MoE-" + experts, moe, precision, moeRate, rule, weightDecay, clip, warmup, batch, seed));
    }

    private void validate() {
        Ranges.require("--layers", layers, 1, 96);
        Ranges.require("--width", width, 4, 12_288);
        Ranges.require("--heads", heads, 1, width);
        Ranges.require("--experts", experts, 2, 4096);
        Ranges.require("--top-k", topK, 1, 4096);
        Ranges.require("--every", every, 1, 96);
        Ranges.require("--capacity-factor", capacityFactor, 0.1, 1000);
        Ranges.require("--balance-loss", balanceLoss, 0, 10);
        Ranges.require("--block", block, 2, 65_536);
        Ranges.require("--batch", batch, 1, 65_536);
        Ranges.require("--dense-rate", denseRate, Double.MIN_NORMAL, 1000);
        Ranges.require("--moe-rate", moeRate, Double.MIN_NORMAL, 1000);
        Ranges.require("--warmup", warmup, 0, 1_000_000);
        Ranges.require("--weight-decay", weightDecay, 0, 1);
        Ranges.require("--clip", clip, 0, 1e9);
        Ranges.require("--dropout", dropout, 0, 0.9);
        if (width % heads != 0) {
            throw new BadInputException(
                    "--width " + width + " with --heads " + heads,
                    "the heads must divide the width, since each gets an equal part of the channels",
                    "Choose a width that is a multiple of the heads, such as " + Math.ceilDiv(width, heads) * heads);
        }
        if (topK > experts) {
            throw new BadInputException(
                    "--experts " + experts + " with --top-k " + topK,
                    "a token cannot go to more experts than there are",
                    "Choose at least " + topK + " experts or a smaller --top-k");
        }
        if (every > layers) {
            throw new BadInputException(
                    "--layers " + layers + " with --every " + every,
                    "experts in every N-th block need at least N blocks",
                    "Choose more layers or --every 1");
        }
        if ((long) batch * block > 1 << 24) {
            throw new BadInputException(
                    "--batch " + batch + " with --block " + block,
                    "a batch of " + (long) batch * block + " tokens is more than 16,777,216",
                    "Choose smaller ones");
        }
    }
}
