package dev.tandem.lab.selftest;

import dev.tandem.engine.Backend;
import dev.tandem.engine.kernel.Capacity;
import dev.tandem.engine.kernel.GateOptions;
import dev.tandem.engine.kernel.SecondPolicy;
import dev.tandem.gpt.BalanceLoss;
import dev.tandem.gpt.FeedForward;
import dev.tandem.gpt.Gpt;
import dev.tandem.gpt.GptConfig;
import dev.tandem.gpt.Precision;
import dev.tandem.gpt.Schedule;
import dev.tandem.gpt.TrainingOptions;
import dev.tandem.testkit.ReferenceBackend;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// A check that needs no files: small models are trained for a few updates on a backend and on the
/// float64 reference, and every loss and gradient norm must agree.
public final class ReferenceCheck {
    private static final int V = 61;
    private static final int T = 19;
    private static final int B = 5;
    private static final int UPDATES = 4;
    /// Losses near 4 carry a rounding error of some 1e-6 in FP32; updates amplify it a little.
    private static final double TOLERANCE = 2e-4;

    /// A BF16 value beside a tie is rounded to either side, by 2⁻⁸ of it, in each of two blocks.
    private static final double BF16_TOLERANCE = 2e-2;

    private record Case(String name, GptConfig config, Precision precision) {
        Case(String name, GptConfig config) {
            this(name, config, Precision.F32);
        }

        double tolerance() {
            return switch (precision) {
                case F32 -> TOLERANCE;
                case BF16 -> BF16_TOLERANCE;
            };
        }
    }

    private ReferenceCheck() {}

    /// Runs every case, prints a line for each and a summary `N passed, M failed`.
    ///
    /// @return whether all passed
    public static boolean run(Backend backend, PrintStream out) {
        int passed = 0;
        var cases = cases().stream()
                .filter(test -> backend.offers(test.precision().type()))
                .toList();
        for (var test : cases) {
            boolean fine = run(test, backend, out);
            passed += fine ? 1 : 0;
        }
        out.printf("%d passed, %d failed%n", passed, cases.size() - passed);
        return passed == cases.size();
    }

    private static boolean run(Case test, Backend backend, PrintStream out) {
        try (var reference = ReferenceBackend.open()) {
            double[] expected = train(test, reference);
            double[] actual = train(test, backend);
            double worst = 0;
            for (int i = 0; i < expected.length; i++) {
                double error = Math.abs(actual[i] - expected[i]) / Math.max(1, Math.abs(expected[i]));
                worst = Math.max(worst, Double.isNaN(error) ? Double.POSITIVE_INFINITY : error);
            }
            boolean fine = worst <= test.tolerance();
            out.printf(
                    "%s  %-36s worst error %.1e of %.1e%n",
                    fine ? "pass" : "FAIL", test.name(), worst, test.tolerance());
            return fine;
        } catch (RuntimeException e) {
            out.printf("FAIL  %-36s %s%n", test.name(), e);
            return false;
        }
    }

    /// Loss and gradient norm of each update.
    private static double[] train(Case test, Backend backend) {
        var results = new double[2 * UPDATES];
        var options = TrainingOptions.paper(new Schedule(0.003, 0, 2 * UPDATES), 7);
        var random = new SplittableRandom(11);
        try (var model = Gpt.create(backend, test.config(), test.precision(), 5);
                var step = model.training(options, B, T)) {
            for (int update = 0; update < UPDATES; update++) {
                int[] ids = random.ints((long) B * T, 0, V).toArray();
                int[] targets = random.ints((long) B * T, 0, V).toArray();
                step.run(ids, targets);
                var report = step.report();
                results[2 * update] = report.objective();
                results[2 * update + 1] = report.gradientNorm();
            }
        }
        return results;
    }

    private static List<Case> cases() {
        var cases = new ArrayList<Case>();
        var dense = GptConfig.gpt3(V, T, 2, 48, 3);
        cases.add(new Case("dense, sinusoidal, GELU erf", dense));
        cases.add(new Case("dense, learned, GELU tanh", GptConfig.gpt2(V, T, 2, 32, 2)));
        cases.add(new Case("dense with dropout", dense.withDropout(0.1)));
        cases.add(new Case("8 experts, top-2", dense.withExperts(8)));
        cases.add(new Case("4 experts, top-2, slots for half", experts(dense, 2, new Capacity.Training(1))));
        cases.add(new Case("4 experts, top-1", experts(dense, 1, new Capacity.Training(1.25))));
        cases.add(new Case("dense, BF16", dense, Precision.BF16));
        cases.add(new Case("8 experts, top-2, BF16", dense.withExperts(8), Precision.BF16));
        return cases;
    }

    private static GptConfig experts(GptConfig dense, int K, Capacity capacity) {
        var gate = new GateOptions(K, SecondPolicy.ALL, false, false, capacity, false);
        return dense.withFeedForward(
                new FeedForward.Experts(dense.feedForward().F(), 4, 1, gate, true, BalanceLoss.paper()));
    }
}
