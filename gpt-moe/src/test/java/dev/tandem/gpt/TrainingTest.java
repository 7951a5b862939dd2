package dev.tandem.gpt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import dev.tandem.engine.Backend;
import dev.tandem.engine.kernel.Capacity;
import dev.tandem.engine.kernel.GateOptions;
import dev.tandem.engine.kernel.SecondPolicy;
import dev.tandem.testkit.ReferenceBackend;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TrainingTest {
    private static final int B = 2;
    private static final int T = 8;
    private static final GptConfig DENSE = GptConfig.gpt3(13, T, 2, 16, 2);
    private static final GptConfig EXPERTS = DENSE.withExperts(4);

    private static TrainingOptions options(double rate) {
        return TrainingOptions.paper(new Schedule(rate, 0, 1_000_000), 7).withWeightDecay(0);
    }

    private static int[] text(int length, int V, long seed) {
        return new Random(seed).ints(length, 0, V).toArray();
    }

    @Test
    void overfittingOneBatchDrivesTheLossToZero() {
        try (Backend backend = ReferenceBackend.open();
                Gpt model = Gpt.create(backend, EXPERTS, 1);
                TrainingStep training = model.training(options(1e-2), B, T)) {
            int[] ids = text(B * T, 13, 2);
            int[] targets = text(B * T, 13, 3);
            for (int i = 0; i < 150; i++) {
                training.run(ids, targets);
            }
            assertThat(training.report().nll()).isLessThan(0.05);
        }
    }

    @ParameterizedTest
    @EnumSource(SecondPolicy.class)
    void theSameSeedGivesTheSameBits(SecondPolicy policy) {
        var gate = new GateOptions(2, policy, false, false, new Capacity.Training(2), false);
        var experts = FeedForward.Experts.paper(64, 4).withGate(gate);
        var config = DENSE.withFeedForward(experts).withDropout(0.2);
        assertThat(trained(config, 5)).isEqualTo(trained(config, 5));
        assertThat(trained(config, 5)).isNotEqualTo(trained(config, 6));
    }

    private static Map<String, Integer> trained(GptConfig config, long seed) {
        try (Backend backend = ReferenceBackend.open();
                Gpt model = Gpt.create(backend, config, seed);
                TrainingStep training =
                        model.training(TrainingOptions.paper(new Schedule(1e-3, 1, 100), seed), B, T, 2)) {
            for (int i = 0; i < 3; i++) {
                training.run(text(2 * B * T, 13, i), text(2 * B * T, 13, i + 9));
            }
            var bits = new TreeMap<String, Integer>();
            model.parameters()
                    .forEach((name, tensor) -> bits.put(name, Arrays.hashCode(ReferenceBackend.doubles(tensor))));
            return bits;
        }
    }

    @Test
    void microBatchesOfOneGateGroupEachAddUpToTheMeanOverAllTargets() {
        // room for every token: the groups differ by the balance loss alone, whose weight is 0
        var experts = FeedForward.Experts.paper(64, 4)
                .withGate(GateOptions.training(4))
                .withBalanceLoss(new BalanceLoss(0, BalanceLoss.Combine.SUM));
        var config = DENSE.withFeedForward(experts);
        int[] ids = text(2 * B * T, 13, 2);
        int[] targets = text(2 * B * T, 13, 3);
        Arrays.fill(targets, 0, 5, -1); // unequal shares
        var whole = gradients(config, 2 * B, 1, ids, targets);
        var parts = gradients(config, B, 2, ids, targets);
        whole.forEach((name, gradient) -> assertThat(parts.get(name))
                .as(name)
                .usingComparatorWithPrecision(1e-9)
                .containsExactly(gradient));
    }

    private static Map<String, double[]> gradients(GptConfig config, int B, int microBatches, int[] ids, int[] next) {
        try (Backend backend = ReferenceBackend.open();
                Gpt model = Gpt.create(backend, config, 1);
                TrainingStep training = model.training(options(1e-2), B, T, microBatches)) {
            training.computeGradients(ids, next);
            var gradients = new TreeMap<String, double[]>();
            training.gradients().forEach((name, tensor) -> gradients.put(name, ReferenceBackend.doubles(tensor)));
            return gradients;
        }
    }

    @Test
    void theExpertRuleSlowsExpertsOnly() {
        int[] ids = text(B * T, 13, 2);
        int[] targets = text(B * T, 13, 3);
        var slow = change(new ExpertRule.LearningRate(), ids, targets);
        var equal = change(new ExpertRule.None(), ids, targets);
        equal.forEach((name, step) -> {
            double factor = Parameters.isExpert(name) ? 0.5 : 1; // 1/√4
            assertThat(slow.get(name)).as(name).isCloseTo(step * factor, within(1e-6 * step + 1e-12));
        });
    }

    /// Sum of the absolute changes of every parameter by one update.
    private static Map<String, Double> change(ExpertRule rule, int[] ids, int[] targets) {
        try (Backend backend = ReferenceBackend.open();
                Gpt model = Gpt.create(backend, EXPERTS, 1);
                TrainingStep training = model.training(options(1e-2).withExperts(rule), B, T)) {
            var before = new TreeMap<String, double[]>();
            model.parameters().forEach((name, tensor) -> before.put(name, ReferenceBackend.doubles(tensor)));
            training.run(ids, targets);
            var change = new TreeMap<String, Double>();
            model.parameters().forEach((name, tensor) -> {
                double[] old = before.getOrDefault(name, new double[0]);
                double sum = 0;
                for (int i = 0; i < old.length; i++) {
                    sum += Math.abs(ReferenceBackend.get(tensor, i) - old[i]);
                }
                change.put(name, sum);
            });
            return change;
        }
    }

    @Test
    void aReportAddsUp() {
        try (Backend backend = ReferenceBackend.open();
                Gpt model = Gpt.create(backend, EXPERTS, 1);
                TrainingStep training = model.training(options(1e-2).withClipNorm(1e-3), B, T, 2)) {
            assertThatIllegalStateException().isThrownBy(training::report);
            training.run(text(2 * B * T, 13, 2), text(2 * B * T, 13, 3));
            StepReport report = training.report();
            GateReport gate = report.gates().getFirst();
            assertThat(report.update()).isZero();
            assertThat(report.tokens()).isEqualTo(2 * B * T);
            assertThat(report.objective()).isCloseTo(report.nll() + 0.01 * gate.balanceLoss(), within(1e-6));
            assertThat(report.clipFactor()).isCloseTo(1e-3 / (report.gradientNorm() + 1e-6), within(1e-6));
            assertThat(report.isFinite()).isTrue();
            assertThat(gate.block()).isEqualTo(1);
            assertThat(gate.balanceLoss()).isBetween(1 - 1e-6, 4.0);
            assertThat(gate.entropy()).isBetween(0.0, Math.log(4));
            for (int k = 0; k < 2; k++) {
                long queued = 0;
                for (int e = 0; e < 4; e++) {
                    queued += gate.queued(k, e);
                }
                assertThat(queued).isEqualTo(2 * B * T);
            }
            long served = 0;
            for (int e = 0; e < 4; e++) {
                served += gate.served(e);
            }
            assertThat(served + gate.dropped()).isEqualTo(2L * 2 * B * T);
        }
    }

    @Test
    void paddingChangesNothingForTheOtherTokens() {
        var config = GptConfig.gpt3(13, T, 2, 16, 2).withPadding(1);
        int[] ids = {2, 5, 7, 9, 1, 1, 1, 1};
        int[] targets = {5, 7, 9, 3, 1, 1, 1, 1};
        try (Backend backend = ReferenceBackend.open();
                Gpt model = Gpt.create(backend, config, 1);
                Evaluation padded = model.evaluation(1, 8);
                Evaluation plain = model.evaluation(1, 4)) {
            float[] nll = padded.nll(ids, targets);
            assertThat(Arrays.copyOf(nll, 4))
                    .usingComparatorWithPrecision(1e-6f)
                    .containsExactly(plain.nll(Arrays.copyOf(ids, 4), Arrays.copyOf(targets, 4)));
            assertThat(Arrays.copyOfRange(nll, 4, 8)).containsOnly(0f);
        }
    }

    @Test
    void batchesThatDoNotFitThePlanAreRefused() {
        try (Backend backend = ReferenceBackend.open();
                Gpt model = Gpt.create(backend, DENSE, 1);
                TrainingStep training = model.training(options(1e-2), B, T)) {
            int[] ids = text(B * T, 13, 1);
            int[] none = new int[B * T];
            Arrays.fill(none, -1);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> training.run(new int[3], new int[3]))
                    .withMessageContaining("16");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> training.run(ids, none))
                    .withMessageContaining("scored");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> model.evaluation(1, T + 1))
                    .withMessageContaining("T must be in 1.." + T);
        }
    }

    @Test
    void closingFreesEverythingThatThePlanCounted() {
        try (Backend backend = ReferenceBackend.open()) {
            try (Gpt model = Gpt.create(backend, EXPERTS, 1)) {
                long weights = backend.memoryUsage().tensors();
                try (TrainingStep training = model.training(options(1e-2), B, T)) {
                    assertThat(training.tokens()).isEqualTo(B * T);
                    assertThat(backend.memoryUsage().tensors()).isGreaterThan(4 * weights);
                }
                assertThat(backend.memoryUsage().tensors()).isEqualTo(weights);
            }
            assertThat(backend.memoryUsage().tensors()).isZero();
        }
    }
}
