package dev.tandem.lab.training;

import dev.tandem.engine.Backend;
import dev.tandem.lab.report.LossLog;
import dev.tandem.lab.report.ModelReport;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/// Models to be trained on identical data with equal compute.
///
/// The models take turns, a second or so each, so that all of them meet the same conditions, and a
/// run that is ended early still compares them at equal compute. Every model sees the batches in
/// the same order; one that spends more FLOPs per token sees fewer of them.
///
/// @param models at least one, with the same block length as the data
/// @param data what they learn from and are measured on
/// @param budget how long they train
/// @param seed of the order of the batches
public record Comparison(List<ModelSettings> models, ComparisonData data, Budget budget, long seed) {
    public Comparison {
        models = List.copyOf(models);
        if (models.isEmpty()) {
            throw new IllegalArgumentException("a comparison needs at least one model");
        }
        for (var model : models) {
            if (model.config().T() != data.training().T()) {
                throw new IllegalArgumentException("model %s needs blocks of T=%d tokens, the data has T=%d"
                        .formatted(
                                model.name(),
                                model.config().T(),
                                data.training().T()));
            }
        }
    }

    /// What a comparison came to.
    ///
    /// @param models those that were measured at least once
    /// @param flops training FLOPs of the plan, per model
    /// @param finished whether every model reached the end of its schedule
    /// @param failure what ended it, if that was a fault
    public record Outcome(List<ModelReport> models, double flops, boolean finished, Optional<String> failure) {
        public Outcome {
            models = List.copyOf(models);
        }
    }

    /// Trains and measures.
    ///
    /// @param log receives a line per model every ten updates, and one per evaluation
    /// @param stopped turns true when the run shall end early
    /// @param clock nanoseconds since any moment
    /// @throws dev.tandem.engine.OutOfDeviceMemory if the models do not fit together
    public Outcome run(Backend backend, Listener listener, LossLog log, BooleanSupplier stopped, LongSupplier clock) {
        try (var run = new ComparisonRun(this, backend, listener, log, stopped, clock)) {
            return run.run();
        }
    }
}
