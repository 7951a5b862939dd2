package dev.tandem.gpt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Bf16;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.testkit.ReferenceBackend;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Models that compute in BF16, on the reference.
class PrecisionTest {
    private static final int B = 2;
    private static final int T = 8;
    private static final int V = 13;
    private static final GptConfig CONFIG = GptConfig.gpt3(V, T, 2, 16, 2).withExperts(4);

    private static TrainingOptions options(double rate) {
        return TrainingOptions.paper(new Schedule(rate, 0, 1_000_000), 7).withWeightDecay(0);
    }

    private static int[] text(int length, long seed) {
        return new Random(seed).ints(length, 0, V).toArray();
    }

    @Test
    void theLossFollowsTheOneInF32() {
        double[] wanted = losses(Precision.F32);
        double[] found = losses(Precision.BF16);
        assertThat(wanted[wanted.length - 1]).isLessThan(0.5 * wanted[0]);
        for (int i = 0; i < wanted.length; i++) {
            // a loss is a mean of logits, which carry the roundings of two blocks, 2⁻⁸ each
            assertThat(found[i]).as("update %d", i).isCloseTo(wanted[i], within(0.03));
        }
        assertThat(found).isNotEqualTo(wanted);
    }

    private static double[] losses(Precision precision) {
        var losses = new double[40];
        try (Backend backend = ReferenceBackend.open();
                Gpt model = Gpt.create(backend, CONFIG, precision, 1);
                TrainingStep training = model.training(options(5e-3), B, T)) {
            for (int i = 0; i < losses.length; i++) {
                training.run(text(B * T, i % 2), text(B * T, 90 + i % 2));
                losses[i] = training.report().nll();
            }
        }
        return losses;
    }

    @Test
    void everyMatrixIsTheCopyOfAMasterThatSmallStepsAddUpIn() {
        try (Backend backend = ReferenceBackend.open();
                Gpt model = Gpt.create(backend, CONFIG, Precision.BF16, 1);
                TrainingStep training = model.training(options(1e-5), B, T)) {
            double[] before = ReferenceBackend.doubles(model.parameters().embedding());
            double[] copied = ReferenceBackend.doubles(model.weights().embedding());
            for (int i = 0; i < 4; i++) {
                training.run(text(B * T, i), text(B * T, 90 + i));
            }
            double[] after = ReferenceBackend.doubles(model.parameters().embedding());
            double[] copy = ReferenceBackend.doubles(model.weights().embedding());
            int moved = 0;
            for (int i = 0; i < after.length; i++) {
                // four steps of 1e-5 are less than half a unit of most copies
                moved += after[i] != before[i] && copy[i] == copied[i] ? 1 : 0;
            }
            assertThat(moved).isGreaterThan(after.length / 2);
            assertCopied(model);
        }
    }

    @Test
    void parametersThatAreSetReachWhatIsPlannedAfterwards() {
        try (Backend backend = ReferenceBackend.open();
                Gpt model = Gpt.create(backend, CONFIG, Precision.BF16, 1)) {
            Tensor table = model.parameters().embedding();
            float[] values = new float[V * CONFIG.C()];
            for (int i = 0; i < values.length; i++) {
                values[i] = 0.1f * i;
            }
            backend.upload(table, values);
            try (Evaluation evaluation = model.evaluation(1, T)) {
                assertThat(evaluation.logits(text(T, 3))).doesNotContain(Float.NaN);
                assertCopied(model);
            }
        }
    }

    private static void assertCopied(Gpt model) {
        List<Tensor> masters = model.parameters().tensors();
        List<Tensor> copies = model.weights().tensors();
        for (int i = 0; i < masters.size(); i++) {
            Tensor master = masters.get(i);
            if (master.storage().role() == Role.WEIGHT) {
                assertThat(master.type()).isEqualTo(ElementType.F32);
                assertThat(copies.get(i).type()).isEqualTo(ElementType.BF16);
                double[] wanted = Arrays.stream(ReferenceBackend.doubles(master))
                        .map(value -> Bf16.round((float) value))
                        .toArray();
                assertThat(ReferenceBackend.doubles(copies.get(i)))
                        .as(master.name())
                        .containsExactly(wanted);
            } else {
                assertThat(copies.get(i)).isSameAs(master);
            }
        }
    }

    @Test
    void textsContinueAsTheyAreEvaluated() {
        int[] ids = text(T, 4);
        try (Backend backend = ReferenceBackend.open();
                Gpt model = Gpt.create(backend, CONFIG, Precision.BF16, 1);
                DecodeSession session = model.decode(T);
                Evaluation evaluation = model.evaluation(1, T)) {
            float[] logits = evaluation.logits(ids);
            for (int t = 0; t < T; t++) {
                float[] next = session.next(ids[t]);
                for (int v = 0; v < V; v++) {
                    assertThat(next[v]).isCloseTo(logits[t * V + v], within(0.02f));
                }
            }
        }
    }
}
