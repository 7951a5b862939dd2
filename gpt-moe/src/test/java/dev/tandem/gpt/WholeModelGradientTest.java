package dev.tandem.gpt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.GeluForm;
import dev.tandem.testkit.ReferenceBackend;
import java.util.Arrays;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// The gradients of a whole model against central differences of its objective, in float64.
class WholeModelGradientTest {
    private static final int B = 2;
    private static final int T = 6;
    private static final int V = 11;
    private static final int SAMPLES = 6;
    private static final double STEP = 1e-5;

    static Stream<Arguments> models() {
        var plain = GptConfig.gpt3(V, T, 2, 8, 2).withExperts(3);
        var heavy = FeedForward.Experts.paper(12, 4).withBalanceLoss(new BalanceLoss(0.7, BalanceLoss.Combine.MEAN));
        var learned = new GptConfig(
                V, T, 2, 8, 2, heavy.withEvery(1), Positions.LEARNED, 2, OptionalInt.of(1), GeluForm.TANH, 0.1, 1e-5);
        return Stream.of(
                Arguments.of(Named.of("top-2 of 3 experts in the second block", plain), 1),
                Arguments.of(Named.of("dense", GptConfig.gpt3(V, T, 2, 8, 2)), 1),
                Arguments.of(Named.of("experts in every block, padding, dropout, micro-batches", learned), 2));
    }

    @ParameterizedTest
    @MethodSource("models")
    void gradientsAgreeWithCentralDifferences(GptConfig config, int microBatches) {
        int tokens = microBatches * B * T;
        int[] ids = new Random(5).ints(tokens, 2, V).toArray();
        int[] targets = new Random(6).ints(tokens, 2, V).toArray();
        if (config.padding().isPresent()) {
            Arrays.fill(ids, T - 2, T, 1);
            Arrays.fill(targets, T - 3, T, 1);
        }
        try (Backend backend = ReferenceBackend.open();
                Gpt model = Gpt.create(backend, config, 3);
                TrainingStep training =
                        model.training(TrainingOptions.paper(new Schedule(1, 0, 1), 4), B, T, microBatches)) {
            spread(model.parameters());
            training.computeGradients(ids, targets);
            Map<String, double[]> gradients = new TreeMap<>();
            training.gradients().forEach((name, tensor) -> gradients.put(name, ReferenceBackend.doubles(tensor)));
            var random = new Random(8);
            model.parameters().forEach((name, tensor) -> {
                double[] gradient = gradients.getOrDefault(name, new double[0]);
                for (int sample = 0; sample < SAMPLES; sample++) {
                    int i = random.nextInt(gradient.length);
                    if (name.startsWith("embed_")
                            && i / config.C() == config.padding().orElse(-1)) {
                        continue; // by definition the padding row learns nothing from the embedding
                    }
                    assertThat(gradient[i])
                            .as("%s[%d]", name, i)
                            .isCloseTo(difference(training, tensor, i, ids, targets), within(1e-7));
                }
            });
        }
    }

    /// Moves gains and biases away from 1 and 0, where mistakes would hide.
    private static void spread(Parameters parameters) {
        var random = new Random(7);
        parameters.forEach((_, tensor) -> {
            double[] values = ReferenceBackend.doubles(tensor);
            for (int i = 0; i < values.length; i++) {
                values[i] += 0.2 * random.nextGaussian();
            }
            ReferenceBackend.set(tensor, values);
        });
    }

    private static double difference(TrainingStep training, Tensor tensor, int i, int[] ids, int[] targets) {
        double value = ReferenceBackend.get(tensor, i);
        ReferenceBackend.set(tensor, i, value + STEP);
        double above = objective(training, ids, targets);
        ReferenceBackend.set(tensor, i, value - STEP);
        double below = objective(training, ids, targets);
        ReferenceBackend.set(tensor, i, value);
        return (above - below) / (2 * STEP);
    }

    private static double objective(TrainingStep training, int[] ids, int[] targets) {
        training.computeGradients(ids, targets);
        double nll = Arrays.stream(ReferenceBackend.doubles(training.network().tensor("loss.total")))
                .sum();
        long scored = Arrays.stream(targets).filter(id -> id >= 2).count();
        if (!(training.model().config().feedForward() instanceof FeedForward.Experts experts)) {
            return nll / scored;
        }
        double[] balance = ReferenceBackend.doubles(training.network().tensor("balanceLoss"));
        int gates = training.model().config().expertBlocks();
        int microBatches = balance.length / gates;
        double sum = 0;
        for (int entry = 0; entry < balance.length; entry++) {
            int first = entry / gates * (targets.length / microBatches);
            long part = Arrays.stream(targets, first, first + targets.length / microBatches)
                    .filter(id -> id >= 2)
                    .count();
            sum += balance[entry] * part / scored;
        }
        return nll / scored + experts.balanceLoss().perBlock(gates) * sum;
    }
}
