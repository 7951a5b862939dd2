package dev.tandem.lab.training;

import java.util.List;

/// How far a comparison is.
///
/// @param fraction of the training compute done, 0 to 1
/// @param secondsLeft until the end of training, estimated
/// @param models how far each model is
public record Status(double fraction, double secondsLeft, List<Model> models) {
    public Status {
        models = List.copyOf(models);
    }

    /// How far a model is.
    ///
    /// @param name of the model
    /// @param update updates done
    /// @param loss of the last measured training batch, nats per token
    /// @param validationLoss of the last evaluation, nats per token; NaN before the first
    /// @param tokensPerSecond lately
    /// @param gigaflopsPerSecond lately
    public record Model(
            String name,
            long update,
            double loss,
            double validationLoss,
            double tokensPerSecond,
            double gigaflopsPerSecond) {}
}
