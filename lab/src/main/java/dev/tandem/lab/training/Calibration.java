package dev.tandem.lab.training;

import java.util.ArrayList;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/// Measures how fast a model trains on this machine, by updates that are thrown away. They also
/// warm up the just-in-time compiler.
final class Calibration {
    private static final int FEWEST_UPDATES = 3;

    private Calibration() {}

    /// Seconds per training FLOP: the median over the second half of the updates.
    static double secondsPerFlop(
            Supplier<Trainer> trainers, double seconds, BooleanSupplier stopped, LongSupplier clock) {
        try (var trainer = trainers.get()) {
            var times = new ArrayList<Double>();
            double spent = 0;
            trainer.plan(Long.MAX_VALUE);
            while ((spent < seconds || times.size() < FEWEST_UPDATES) && !stopped.getAsBoolean()) {
                long start = clock.getAsLong();
                trainer.update();
                trainer.report();
                double time = (clock.getAsLong() - start) * 1e-9;
                times.add(time);
                spent += time;
            }
            var late = times.subList(times.size() / 2, times.size()).stream()
                    .sorted()
                    .toList();
            return late.isEmpty()
                    ? 1e-9
                    : late.get(late.size() / 2) / trainer.settings().flopsPerUpdate();
        }
    }
}
