package dev.tandem.testkit.contract;

import dev.tandem.engine.Backend;
import dev.tandem.engine.EngineException;
import dev.tandem.testkit.ReferenceBackend;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// How two backends agree on the trials of one kernel, and how long each takes.
///
/// @param kernel its name
/// @param trials how many were run
/// @param worst largest distance of a float between the two, in units of the kernel's tolerance;
///     infinite where one of them is no number
/// @param integersDiffer results of integers, such as a routing, that are not equal
/// @param seconds that the backend under test computed, over all trials
/// @param againstSeconds that the other one did
/// @param complaints one line for each result that two backends may not differ by, and for each
///     trial that failed
public record KernelComparison(
        String kernel,
        int trials,
        double worst,
        int integersDiffer,
        double seconds,
        double againstSeconds,
        List<String> complaints) {
    private static final int FEWEST_ROUNDS = 3;
    private static final int MOST_ROUNDS = 1000;
    private static final double ENOUGH_SECONDS = 0.1;

    /// Keeps a copy of the list.
    public KernelComparison {
        complaints = List.copyOf(complaints);
    }

    /// The results of a trial, and the seconds of its fastest run.
    private record Run(List<Outcome> outcomes, double seconds) {}

    /// What is known so far.
    private static final class Tally {
        // each may be off by the whole tolerance; only the reference is off by nothing
        private final double allowed;
        private final boolean products;
        private final List<String> complaints = new ArrayList<>();
        private double worst;
        private int integersDiffer;
        private double seconds;
        private double againstSeconds;

        private Tally(double allowed, boolean products) {
            this.allowed = allowed;
            this.products = products;
        }

        private void add(Trial trial, Run found, Run wanted) {
            seconds += found.seconds();
            againstSeconds += wanted.seconds();
            for (int i = 0; i < wanted.outcomes().size(); i++) {
                add(
                        trial,
                        found.outcomes().get(i),
                        expected(trial, wanted.outcomes().get(i)));
            }
        }

        private Outcome expected(Trial trial, Outcome wanted) {
            return products && !wanted.isInteger()
                    ? wanted.judgedBy(tolerance -> tolerance.through(trial.type(), 1))
                    : wanted;
        }

        private void add(Trial trial, Outcome found, Outcome wanted) {
            double distance = wanted.distance(found);
            if (wanted.isInteger()) {
                if (distance > 0) {
                    integersDiffer++;
                    complaints.add("%s: the integers %s differ".formatted(trial.name(), wanted.name()));
                }
                return;
            }
            distance = Double.isNaN(distance) ? Double.POSITIVE_INFINITY : distance;
            worst = Math.max(worst, distance);
            if (distance > allowed) {
                complaints.add("%s: %s is off by %.3g tolerances".formatted(trial.name(), wanted.name(), distance));
            }
        }
    }

    /// Runs every trial on both.
    public static KernelComparison of(KernelTrials cases, Backend backend, Backend against) {
        var tally = new Tally(exact(backend) || exact(against) ? 1 : 2, cases.products());
        for (Trial trial : cases.trials()) {
            Optional<Run> found = run(backend, trial, tally.complaints);
            Optional<Run> wanted = run(against, trial, tally.complaints);
            if (found.isPresent() && wanted.isPresent()) {
                tally.add(trial, found.get(), wanted.get());
            }
        }
        return new KernelComparison(
                cases.kernel(),
                cases.trials().size(),
                tally.worst,
                tally.integersDiffer,
                tally.seconds,
                tally.againstSeconds,
                tally.complaints);
    }

    /// Whether every trial ran and the two agree.
    public boolean passed() {
        return complaints.isEmpty() && trials > 0;
    }

    /// How many times as fast as the other one the backend under test is. Trials are small, so that
    /// launching counts as much as computing.
    public double speed() {
        return againstSeconds / seconds;
    }

    private static boolean exact(Backend backend) {
        return backend.name().equals(ReferenceBackend.NAME);
    }

    private static Optional<Run> run(Backend backend, Trial trial, List<String> complaints) {
        try {
            List<Outcome> outcomes = List.of();
            double fastest = Double.POSITIVE_INFINITY;
            double spent = 0; // with setting up, which takes longer than a small kernel
            for (int round = 0; round < FEWEST_ROUNDS || (spent < ENOUGH_SECONDS && round < MOST_ROUNDS); round++) {
                long begin = System.nanoTime();
                try (var workbench = new Workbench(backend, trial, false, Sabotage.NONE)) {
                    trial.run().accept(workbench);
                    backend.synchronize();
                    double seconds = (System.nanoTime() - workbench.ready()) * 1e-9;
                    fastest = Math.min(fastest, seconds);
                    outcomes = workbench.outcomes();
                }
                spent += (System.nanoTime() - begin) * 1e-9;
            }
            return Optional.of(new Run(outcomes, fastest));
        } catch (EngineException | IllegalArgumentException | IllegalStateException | UnsupportedOperationException e) {
            complaints.add("%s: %s refused it: %s".formatted(trial.name(), backend.name(), e.getMessage()));
            return Optional.empty();
        }
    }
}
