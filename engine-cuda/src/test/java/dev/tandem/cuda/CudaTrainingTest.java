package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tandem.engine.Backend;
import dev.tandem.engine.kernel.Capacity;
import dev.tandem.engine.kernel.GateOptions;
import dev.tandem.engine.kernel.SecondPolicy;
import dev.tandem.gpt.FeedForward;
import dev.tandem.gpt.GateReport;
import dev.tandem.gpt.Gpt;
import dev.tandem.gpt.GptConfig;
import dev.tandem.gpt.Precision;
import dev.tandem.gpt.TrainingOptions;
import dev.tandem.gpt.TrainingStep;
import dev.tandem.testkit.ReferenceBackend;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A small MoE model trains on the CUDA kernels.
final class CudaTrainingTest {
    private static final int B = 2;
    private static final int T = 8;
    private static final int V = 13;
    private static final int E = 4;
    private static final GptConfig CONFIG = GptConfig.gpt3(V, T, 2, 16, 2).withFeedForward(experts(SecondPolicy.ALL));

    /// Slots for half of the choices, so that some are dropped.
    private static FeedForward.Experts experts(SecondPolicy policy) {
        var gate = new GateOptions(2, policy, false, false, new Capacity.Training(1), false);
        return FeedForward.Experts.paper(64, E).withGate(gate);
    }

    private static TrainingOptions options(double rate) {
        return TrainingOptions.paper(new dev.tandem.gpt.Schedule(rate, 0, 1_000_000), 7);
    }

    private static int[] text(int length, long seed) {
        return new Random(seed).ints(length, 0, V).toArray();
    }

    @Test
    void overfittingOneBatchDrivesTheLossToZero() {
        try (Backend backend = ShimBackend.open();
                Gpt model = Gpt.create(backend, CONFIG, 1);
                TrainingStep training = model.training(options(1e-2).withWeightDecay(0), B, T)) {
            int[] ids = text(B * T, 2);
            int[] targets = text(B * T, 3);
            for (int i = 0; i < 150; i++) {
                training.run(ids, targets);
            }
            assertThat(training.report().nll()).isLessThan(0.05);
        }
    }

    @ParameterizedTest
    @EnumSource(SecondPolicy.class)
    void neitherASecondRunNorTheOrderOfThreadsChangesABit(SecondPolicy policy) {
        var config = CONFIG.withFeedForward(experts(policy)).withDropout(0.1);
        var once = trained(config, ShimBackend.open(Schedule.FORWARD));
        assertThat(trained(config, ShimBackend.open(Schedule.FORWARD))).isEqualTo(once);
        assertThat(trained(config, ShimBackend.open(Schedule.REVERSED_GREEDY))).isEqualTo(once);
        assertThat(trained(config, ShimBackend.open(Schedule.RANDOM))).isEqualTo(once);
    }

    @Test
    void whetherTensorsShareMemoryChangesNoBit() {
        var sharing = new MemorySteps(1 << 20, 1 << 17);
        var shared = Backend.of(new CudaDevice(ShimBackend.shim(Schedule.FORWARD), sharing));
        assertThat(trained(CONFIG, shared)).isEqualTo(trained(CONFIG, ShimBackend.open(Schedule.FORWARD)));
    }

    /// A hash of the bits of every parameter after some updates.
    private static Map<String, Integer> trained(GptConfig config, Backend opened) {
        try (Backend backend = opened;
                Gpt model = Gpt.create(backend, config, 1);
                TrainingStep training = model.training(options(1e-2).withClipNorm(1), B, T, 2)) {
            for (int i = 0; i < 3; i++) {
                training.run(text(2 * B * T, i), text(2 * B * T, i + 9));
            }
            var bits = new TreeMap<String, Integer>();
            model.parameters().forEach((name, tensor) -> bits.put(name, Arrays.hashCode(backend.floats(tensor))));
            return bits;
        }
    }

    @Test
    void inBf16TheLossFollowsTheOneOfTheReferenceAndNoOrderOfThreadsChangesIt() {
        double[] forward = losses(ShimBackend.open(Schedule.FORWARD), Precision.BF16);
        assertThat(losses(ShimBackend.open(Schedule.RANDOM), Precision.BF16)).isEqualTo(forward);
        double[] rounded = losses(ReferenceBackend.open(), Precision.BF16);
        double[] whole = losses(ReferenceBackend.open(), Precision.F32);
        for (int i = 0; i < forward.length; i++) {
            // logits carry the roundings of two blocks, 2⁻⁸ each; so do those of the reference, but a value
            // next to a tie may be rounded to either side, and one of the 16 tokens then take another expert
            assertThat(forward[i]).as("update %d", i).isCloseTo(rounded[i], within(0.05));
            assertThat(forward[i]).as("update %d", i).isCloseTo(whole[i], within(0.05));
        }
        assertThat(forward[forward.length - 1]).isLessThan(0.8 * forward[0]);
    }

    private static double[] losses(Backend opened, Precision precision) {
        // room for every choice: of two experts that are equally good, each may be taken, but none is missed
        var config = CONFIG.withFeedForward(FeedForward.Experts.paper(64, E));
        var losses = new double[12];
        try (Backend backend = opened;
                Gpt model = Gpt.create(backend, config, precision, 1);
                TrainingStep training = model.training(options(5e-3).withClipNorm(1), B, T)) {
            for (int i = 0; i < losses.length; i++) {
                training.run(text(B * T, i % 2), text(B * T, 90 + i % 2));
                losses[i] = training.report().nll();
            }
        }
        return losses;
    }

    @Test
    void choicesQueueAndDropAsOnTheReferenceInEveryUpdate() {
        try (Backend cuda = ShimBackend.open();
                Backend reference = ReferenceBackend.open()) {
            List<Integer> choices = choices(cuda);
            assertThat(choices).isEqualTo(choices(reference));
        }
    }

    /// How many choices of each rank queued at each expert, and how many were dropped, in each of
    /// several updates.
    private static List<Integer> choices(Backend backend) {
        var counts = new ArrayList<Integer>();
        long dropped = 0;
        try (Gpt model = Gpt.create(backend, CONFIG, 1);
                TrainingStep training = model.training(options(3e-3), B, T)) {
            for (int i = 0; i < 10; i++) {
                training.run(text(B * T, i), text(B * T, i + 90));
                for (GateReport gate : training.report().gates()) {
                    for (int choice = 0; choice < gate.K() * E; choice++) {
                        counts.add((int) gate.queued(choice / E, choice % E));
                        counts.add((int) gate.dropped(choice / E, choice % E));
                    }
                    dropped += gate.dropped();
                }
            }
        }
        assertThat(dropped).isPositive();
        return counts;
    }
}
