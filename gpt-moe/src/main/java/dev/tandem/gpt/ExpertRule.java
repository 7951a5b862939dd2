package dev.tandem.gpt;

/// What the optimizer does differently for the parameters of experts.
///
/// An expert sees about `E/K` times fewer tokens than a shared parameter. The paper is read as
/// lowering its learning rate by `1/√E`; its public code scales its gradient instead, which Adam
/// ignores but for epsilon and the global norm. The gate is not an expert parameter.
/// Source: <https://arxiv.org/abs/2112.10684> and its public code.
public sealed interface ExpertRule {
    /// Learning rate times `1/√E`; the default.
    record LearningRate() implements ExpertRule {}

    /// Gradient times `factor`, before the global norm is taken.
    record GradientScale(double factor) implements ExpertRule {
        public GradientScale {
            if (!(factor > 0) || Double.isInfinite(factor)) {
                throw new IllegalArgumentException(
                        "gradient scale of experts must be finite and above 0, was " + factor);
            }
        }
    }

    /// Experts are treated like every other parameter.
    record None() implements ExpertRule {}

    /// Factor on the learning rate of the experts of a model with `E` of them.
    default double learningRateScale(int E) {
        return switch (this) {
            case LearningRate _ -> 1 / Math.sqrt(E);
            case GradientScale _, None _ -> 1;
        };
    }

    /// Factor on the gradient of the experts.
    default double gradientScale() {
        return switch (this) {
            case GradientScale scale -> scale.factor();
            case LearningRate _, None _ -> 1;
        };
    }
}
