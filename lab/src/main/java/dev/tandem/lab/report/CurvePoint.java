package dev.tandem.lab.report;

/// One evaluation during a training run.
///
/// @param step optimizer updates so far
/// @param tokens tokens trained on so far
/// @param flops training FLOPs so far
/// @param seconds training time so far, evaluation left out
/// @param validationLoss nats per token
public record CurvePoint(long step, long tokens, double flops, double seconds, double validationLoss) {

    /// e^loss.
    public double perplexity() {
        return Math.exp(validationLoss);
    }
}
