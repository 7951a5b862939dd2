package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tandem.engine.Backend;
import dev.tandem.engine.kernel.Capacity;
import dev.tandem.engine.kernel.GateOptions;
import dev.tandem.engine.kernel.SecondPolicy;
import dev.tandem.gpt.FeedForward;
import dev.tandem.gpt.Gpt;
import dev.tandem.gpt.GptConfig;
import dev.tandem.gpt.Precision;
import dev.tandem.gpt.TrainingOptions;
import dev.tandem.gpt.TrainingStep;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What a warm update – forward, backward, norm of the gradients, AdamW – asks of the accelerator besides kernels.
final class QuietUpdateTest {
    private static final int B = 2;
    private static final int T = 8;
    private static final int V = 13;
    private static final int E = 4;
    private static final int PADDING = 0;
    private static final int MICRO_BATCHES = 2;

    @ParameterizedTest
    @CsvSource({"F32, ALL", "F32, SAMPLING", "F32, RANDOM", "BF16, ALL"})
    void aWarmUpdateUploadsItsTokensAndNeitherAllocatesNorWaits(Precision precision, SecondPolicy policy) {
        var counting = new CountingAccelerator(ShimBackend.shim());
        try (Backend backend = Backend.of(new CudaDevice(counting, ShimBackend.EXACTLY));
                Gpt model = Gpt.create(backend, config(policy), precision, 1);
                TrainingStep training = model.training(options(), B, T, MICRO_BATCHES)) {
            training.run(text(1), text(2));
            assertThat(counting.calls()).containsKeys("allocate", "free", "upload");

            for (int update = 0; update < 3; update++) {
                training.run(text(3 + update), text(9 + update));
                // ids, padding mask and targets; all micro-batches of each at once
                assertThat(counting.calls()).as("update %d", update).isEqualTo(Map.of("upload", 3));
            }

            training.report();
            // losses, norm, queued, dropped, entropy and balance loss, and the kernels' complaint after the first
            assertThat(counting.calls()).as("report").isEqualTo(Map.of("download", 7));
            training.report();
            assertThat(counting.calls()).as("report again, no kernel since").isEqualTo(Map.of("download", 6));
            backend.synchronize();
            assertThat(counting.calls()).as("no kernel since").isEqualTo(Map.of("synchronize", 1));
        }
    }

    /// Slots for half of the choices, so that what is dropped differs between updates.
    private static GptConfig config(SecondPolicy policy) {
        var gate = new GateOptions(2, policy, false, false, new Capacity.Training(1), false);
        return GptConfig.gpt3(V, T, 2, 16, 2)
                .withFeedForward(FeedForward.Experts.paper(64, E).withGate(gate))
                .withPadding(PADDING)
                .withDropout(0.1);
    }

    private static TrainingOptions options() {
        return TrainingOptions.paper(new dev.tandem.gpt.Schedule(1e-2, 0, 1_000_000), 7)
                .withClipNorm(1);
    }

    /// Tokens with padding among them where the seed is odd.
    private static int[] text(long seed) {
        int lowest = seed % 2 == 0 ? PADDING + 1 : PADDING;
        return new Random(seed).ints(MICRO_BATCHES * B * T, lowest, V).toArray();
    }
}
