package dev.tandem.lab.report;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/// What became of one trained model.
///
/// @param name for tables and legends
/// @param kind dense or mixture of experts
/// @param configuration sizes and training settings, in order, as JSON values
/// @param parameters all parameters
/// @param activeParameters those that one token uses
/// @param progress what training consumed
/// @param curve evaluations in order of the steps; the last one is of the finished model
/// @param outOfDomain perplexity per set of other text
/// @param layers expert load per MoE block; empty for a dense model
/// @param sample generated text
public record ModelReport(
        String name,
        Kind kind,
        Map<String, Object> configuration,
        long parameters,
        long activeParameters,
        Progress progress,
        List<CurvePoint> curve,
        Map<String, Double> outOfDomain,
        List<LayerLoad> layers,
        String sample) {

    /// The family a model belongs to.
    public enum Kind {
        DENSE,
        MOE;

        /// `dense` or `moe`, as in reports.
        public String label() {
            return this == DENSE ? "dense" : "moe";
        }
    }

    /// What training consumed.
    ///
    /// @param steps optimizer updates
    /// @param plannedSteps updates of the schedule; more than `steps` if the run was ended early
    /// @param tokens tokens trained on
    /// @param flops training FLOPs by the paper's convention, without recomputation
    /// @param seconds training time, evaluation left out
    /// @param epochs times the training text was seen
    public record Progress(long steps, long plannedSteps, long tokens, double flops, double seconds, double epochs) {
        /// Tokens per second.
        public double tokensPerSecond() {
            return tokens / seconds;
        }

        /// 10⁹ training FLOPs per second.
        public double gigaflopsPerSecond() {
            return flops / seconds / 1e9;
        }

        /// Whether the schedule ran to its end.
        public boolean finished() {
            return steps >= plannedSteps;
        }
    }

    public ModelReport {
        curve = List.copyOf(curve);
        layers = List.copyOf(layers);
        if (curve.isEmpty()) {
            throw new IllegalArgumentException("model " + name + " must have been evaluated at least once");
        }
    }

    /// Perplexity on the validation text after training.
    public double validationPerplexity() {
        return curve.getLast().perplexity();
    }

    /// Unweighted mean of the perplexities on other text; empty if there was none.
    public OptionalDouble outOfDomainPerplexity() {
        return outOfDomain.values().stream().mapToDouble(x -> x).average();
    }

    /// Share of choices dropped, over all MoE blocks; empty for a dense model.
    public OptionalDouble dropped() {
        return layers.stream().mapToDouble(LayerLoad::dropped).average();
    }

    Map<String, Object> json() {
        var fields = new Fields()
                .with("name", name)
                .with("kind", kind.label())
                .with("tokens", progress.tokens())
                .with("flops", progress.flops())
                .with("validationPerplexity", validationPerplexity())
                .with("validationLoss", curve.getLast().validationLoss())
                .with("outOfDomainPerplexity", optional(outOfDomainPerplexity()))
                .with("outOfDomain", outOfDomain)
                .with("parameters", parameters)
                .with("activeParameters", activeParameters)
                .with("steps", progress.steps())
                .with("plannedSteps", progress.plannedSteps())
                .with("finished", progress.finished())
                .with("epochs", progress.epochs())
                .with("seconds", progress.seconds())
                .with("tokensPerSecond", progress.tokensPerSecond())
                .with("gigaflopsPerSecond", progress.gigaflopsPerSecond())
                .with("droppedChoices", optional(dropped()))
                .with("expertLoad", layers.stream().map(ModelReport::json).toList())
                .with("configuration", configuration)
                .with("curve", curve.stream().map(ModelReport::json).toList())
                .with("sample", sample);
        return fields.map();
    }

    private static Object optional(OptionalDouble value) {
        return value.isPresent() ? value.getAsDouble() : Optional.empty();
    }

    private static Map<String, Object> json(LayerLoad layer) {
        return new Fields()
                .with("block", layer.block())
                .with("share", layer.share())
                .with("dropped", layer.dropped())
                .map();
    }

    private static Map<String, Object> json(CurvePoint point) {
        return new Fields()
                .with("step", point.step())
                .with("tokens", point.tokens())
                .with("flops", point.flops())
                .with("seconds", point.seconds())
                .with("validationLoss", point.validationLoss())
                .with("validationPerplexity", point.perplexity())
                .map();
    }
}
