package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tandem.cuda.HostMatmuls.Kind;
import dev.tandem.engine.Backend;
import dev.tandem.gpt.FeedForward;
import dev.tandem.gpt.Gpt;
import dev.tandem.gpt.GptConfig;
import dev.tandem.gpt.Precision;
import dev.tandem.gpt.TrainingOptions;
import dev.tandem.gpt.TrainingStep;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// A small MoE model trains with its large products by a library.
final class LibraryTrainingTest {
    private static final int B = 2;
    private static final int T = 24;
    private static final int V = 13;
    private static final int E = 4;
    private static final int UPDATES = 3;
    private static final GptConfig CONFIG =
            GptConfig.gpt3(V, T, 2, 16, 2).withFeedForward(FeedForward.Experts.paper(64, E));

    @TempDir
    Path cache;

    private static HostMatmuls timed(Float... times) {
        return new HostMatmuls(matmul -> true, List.of(Kind.RIGHT, Kind.RIGHT), List.of(times), "1");
    }

    private Backend open(Schedule schedule, HostMatmuls library) {
        return ShimBackend.open(schedule, new MatmulSetup(library, true, cache));
    }

    private static TrainingOptions options() {
        return TrainingOptions.paper(new dev.tandem.gpt.Schedule(5e-3, 0, 1_000_000), 7)
                .withClipNorm(1);
    }

    private static int[] text(int seed) {
        return new Random(seed).ints(B * T, 0, V).toArray();
    }

    @ParameterizedTest
    @CsvSource({"F32, 1e-4", "BF16, 0.03"})
    void lossesFollowThoseOfOurOwnProducts(Precision precision, double tolerance) {
        HostMatmuls library = HostMatmuls.right();
        double[] found = losses(open(Schedule.FORWARD, library), precision);
        double[] own = losses(ShimBackend.open(Schedule.FORWARD), precision);
        for (int i = 0; i < UPDATES; i++) {
            assertThat(found[i]).as("update %d", i).isCloseTo(own[i], within(tolerance));
        }
        // up and down: forward, dx, dWeight
        assertThat(library.runs().keySet().stream().filter(line -> line.contains("batch " + E)))
                .hasSizeGreaterThanOrEqualTo(6);
    }

    private static double[] losses(Backend opened, Precision precision) {
        var losses = new double[UPDATES];
        try (Backend backend = opened;
                Gpt model = Gpt.create(backend, CONFIG, precision, 1);
                TrainingStep training = model.training(options(), B, T)) {
            for (int i = 0; i < UPDATES; i++) {
                training.run(text(i), text(9 + i));
                losses[i] = training.report().nll();
            }
        }
        return losses;
    }

    @Test
    void neitherALaterProcessNorTheOrderOfThreadsChangesABit() {
        Map<String, Integer> first = trained(open(Schedule.FORWARD, timed(2f, 1f)));
        HostMatmuls later = timed(1f, 2f);

        assertThat(trained(open(Schedule.RANDOM, later))).isEqualTo(first);
        assertThat(later.runs().keySet()).isNotEmpty().allMatch(line -> line.startsWith("run 1 "));
        assertThat(later.asked).noneMatch(line -> line.equals("time"));
    }

    /// A hash of the bits of every parameter after some updates.
    private static Map<String, Integer> trained(Backend opened) {
        try (Backend backend = opened;
                Gpt model = Gpt.create(backend, CONFIG, Precision.BF16, 1);
                TrainingStep training = model.training(options(), B, T)) {
            for (int i = 0; i < UPDATES; i++) {
                training.run(text(i), text(9 + i));
            }
            var bits = new TreeMap<String, Integer>();
            model.parameters().forEach((name, tensor) -> bits.put(name, Arrays.hashCode(backend.floats(tensor))));
            return bits;
        }
    }

    @ParameterizedTest
    @EnumSource
    void aWarmUpdateNeitherAllocatesNorWaits(Precision precision) {
        var shim = new HostShim(Schedule.FORWARD, new MatmulSetup(HostMatmuls.right(), true, cache));
        var counting = new CountingAccelerator(shim);
        try (Backend backend = Backend.of(new CudaDevice(counting, ShimBackend.EXACTLY));
                Gpt model = Gpt.create(backend, CONFIG, precision, 1);
                TrainingStep training = model.training(options(), B, T)) {
            training.run(text(1), text(2));
            counting.calls();
            training.run(text(3), text(4));

            assertThat(counting.calls().keySet()).containsExactly("upload");
        }
    }
}
