package dev.tandem.gpt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.tandem.engine.Backend;
import dev.tandem.engine.BackendOptions;
import dev.tandem.testkit.contract.RequiredBackend;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CpuTrainingTest {
    private static final int B = 4;
    private static final int T = 32;
    private static final int V = 50;
    private static final GptConfig CONFIG = GptConfig.gpt3(V, T, 2, 32, 2).withExperts(4);

    private static Backend open(int threads) {
        return RequiredBackend.open("cpu-vector", new BackendOptions(threads));
    }

    private static TrainingOptions options() {
        return TrainingOptions.paper(new Schedule(1e-2, 10, 1_000_000), 3).withClipNorm(1);
    }

    private static int[] text(int length, long seed) {
        return new Random(seed).ints(length, 0, V).toArray();
    }

    @Test
    void overfittingOneBatchDrivesTheLossToZero() {
        try (Backend backend = open(2);
                Gpt model = Gpt.create(backend, CONFIG, 1);
                TrainingStep training = model.training(options(), B, T)) {
            int[] ids = text(B * T, 2);
            int[] targets = text(B * T, 3);
            for (int i = 0; i < 400; i++) {
                training.run(ids, targets);
            }
            assertThat(training.report().nll()).isLessThan(0.05);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5})
    void theBitsDependOnTheSeedAndNotOnTheNumberOfThreads(int threads) {
        assertThat(trained(threads)).isEqualTo(trained(2));
    }

    private static Map<String, Integer> trained(int threads) {
        try (Backend backend = open(threads);
                Gpt model = Gpt.create(backend, CONFIG.withDropout(0.1), 1);
                TrainingStep training = model.training(options(), B, T, 2)) {
            for (int i = 0; i < 5; i++) {
                training.run(text(2 * B * T, i), text(2 * B * T, 100 + i));
            }
            var bits = new TreeMap<String, Integer>();
            model.parameters().forEach((name, tensor) -> bits.put(name, Arrays.hashCode(backend.floats(tensor))));
            return bits;
        }
    }

    @Test
    void aPrecisionThatTheBackendDoesNotComputeInIsRefusedBeforeAnythingIsAllocated() {
        try (Backend backend = open(1)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Gpt.create(backend, CONFIG, Precision.BF16, 1))
                    .withMessage("backend 'cpu-vector' does not compute in BF16: choose the precision F32, or another"
                            + " backend");
            assertThat(backend.memoryUsage().tensors()).isZero();
        }
    }
}
