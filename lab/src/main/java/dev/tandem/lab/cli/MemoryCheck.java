package dev.tandem.lab.cli;

import dev.tandem.engine.Backend;
import dev.tandem.gpt.cost.MemoryPlan;
import dev.tandem.lab.BadInputException;
import dev.tandem.lab.training.ModelSettings;
import java.util.List;

/// Refuses models that do not fit, before anything is allocated.
final class MemoryCheck {
    /// Part of the free memory that may be planned: the device rounds buffers up and needs
    /// workspace of its own.
    private static final double USABLE = 0.9;

    private MemoryCheck() {}

    /// Requires room for training and evaluating all models side by side.
    ///
    /// @throws BadInputException with the plan, if there is not
    static void require(List<ModelSettings> models, Backend backend) {
        long free = backend.memoryUsage().free();
        double needed = 0;
        var plans = new StringBuilder();
        for (var model : models) {
            MemoryPlan training;
            long evaluation;
            try {
                training = MemoryPlan.training(
                        model.config(),
                        model.precision(),
                        model.B(),
                        model.config().T(),
                        1);
                evaluation = MemoryPlan.evaluation(
                                        model.config(),
                                        model.precision(),
                                        model.B(),
                                        model.config().T())
                                .bytes()
                        - training.parts().getFirst().bytes();
            } catch (ArithmeticException | IllegalArgumentException e) {
                throw tooLarge(model.name() + ": a single buffer would be too large (" + e.getMessage() + ")", free);
            }
            needed += (double) training.bytes() + evaluation;
            plans.append("\n  ")
                    .append(model.name())
                    .append('\n')
                    .append(training.toString().indent(4))
                    .append("    evaluation   %9.1f MiB".formatted(evaluation / 0x1p20));
        }
        if (needed > USABLE * free) {
            throw tooLarge(
                    "needed are %.1f GiB:%s"
                            .formatted(needed / 0x1p30, plans.toString().stripTrailing()),
                    free);
        }
    }

    private static BadInputException tooLarge(String plan, long free) {
        return new BadInputException(
                "the models do not fit into memory; of the %.1f GiB free, %.0f %% may be planned"
                        .formatted(free / 0x1p30, 100 * USABLE),
                plan,
                "Choose a smaller --width, --layers, --experts, --batch or --block");
    }
}
