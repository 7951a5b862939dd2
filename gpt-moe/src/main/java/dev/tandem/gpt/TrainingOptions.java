package dev.tandem.gpt;

import dev.tandem.engine.kernel.AdamW;

/// How a model is trained.
///
/// @param schedule of the learning rate
/// @param moments of Adam
/// @param weightDecay decoupled, of every parameter; at least 0
/// @param clipNorm global norm above which gradients are scaled down; 0 never does
/// @param experts what is different for parameters of experts
/// @param seed of dropout and of the gates' random choices
public record TrainingOptions(
        Schedule schedule, AdamW.Moments moments, double weightDecay, double clipNorm, ExpertRule experts, long seed) {
    /// Refuses values out of range.
    public TrainingOptions {
        if (!(weightDecay >= 0) || Double.isInfinite(weightDecay)) {
            throw new IllegalArgumentException("weight decay must be finite and at least 0, was " + weightDecay);
        }
        if (!(clipNorm >= 0) || Double.isInfinite(clipNorm)) {
            throw new IllegalArgumentException("clip norm must be finite and at least 0, was " + clipNorm);
        }
    }

    /// The paper's: β 0.9 and 0.98, ε 1e-8 on the uncorrected root, decay 0.01, no clipping,
    /// experts at 1/√E of the learning rate.
    public static TrainingOptions paper(Schedule schedule, long seed) {
        return new TrainingOptions(schedule, AdamW.Moments.PAPER, 0.01, 0, new ExpertRule.LearningRate(), seed);
    }

    /// These options with gradients clipped to a global norm.
    public TrainingOptions withClipNorm(double changed) {
        return new TrainingOptions(schedule, moments, weightDecay, changed, experts, seed);
    }

    /// These options with another rule for experts.
    public TrainingOptions withExperts(ExpertRule changed) {
        return new TrainingOptions(schedule, moments, weightDecay, clipNorm, changed, seed);
    }

    /// These options with another weight decay.
    public TrainingOptions withWeightDecay(double changed) {
        return new TrainingOptions(schedule, moments, changed, clipNorm, experts, seed);
    }
}
