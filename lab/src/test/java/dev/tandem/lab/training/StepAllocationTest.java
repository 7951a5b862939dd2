package dev.tandem.lab.training;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.tandem.engine.Backend;
import dev.tandem.engine.BackendOptions;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Region;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.gpt.Gpt;
import dev.tandem.gpt.GptConfig;
import dev.tandem.gpt.Schedule;
import dev.tandem.gpt.TrainingOptions;
import dev.tandem.gpt.TrainingStep;
import dev.tandem.testkit.contract.RequiredBackend;
import java.lang.management.ManagementFactory;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StepAllocationTest {
    private static final int T = 32;
    private static final int V = 50;
    private static final int STEPS = 20;
    private static final int PRODUCTS = 500;
    private static final int MOST_ROUNDS = 100;

    /// Experts with more rows than columns; with so few that weights are multiplied as they lie; and sizes that fill
    /// no whole number of vectors.
    @ParameterizedTest
    @CsvSource({"4, 32", "1, 64", "2, 22"})
    void aWarmTrainingStepAllocatesNothingOnTheHeap(int B, int C) {
        var config = GptConfig.gpt3(V, T, 2, C, 2).withExperts(4).withDropout(0.1);
        var options =
                TrainingOptions.paper(new Schedule(1e-3, 10, 1_000_000), 3).withClipNorm(1);
        try (Backend backend = RequiredBackend.open("cpu-vector", new BackendOptions(2));
                Gpt model = Gpt.create(backend, config, 1);
                TrainingStep training = model.training(options, B, T)) {
            int[] ids = new Random(2).ints((long) B * T, 0, V).toArray();
            int[] targets = new Random(3).ints((long) B * T, 0, V).toArray();
            assertAllocatesNothing(STEPS, () -> training.run(ids, targets));
        }
    }

    /// One row reads weights as they come, several make them F32 first.
    @ParameterizedTest
    @CsvSource({"BF16, 1", "BF16, 5", "Q8, 1", "Q8, 5"})
    void warmProductsWithSmallerWeightsAllocateNothingOnTheHeap(ElementType type, int N) {
        try (Backend backend = RequiredBackend.open("cpu-vector", new BackendOptions(2));
                Region region = backend.region("products")) {
            Tensor weight = region.allocate("weight", Role.WEIGHT, type, 320, 300);
            Tensor x = region.floats("x", Role.ACTIVATION, N, 300);
            Tensor y = region.floats("y", Role.ACTIVATION, N, 320);
            assertAllocatesNothing(PRODUCTS, () -> backend.kernels().linear().forward(y, x, weight, Optional.empty()));
        }
    }

    @Test
    void warmGradientsOfWeightsAllocateNothingOnTheHeap() {
        try (Backend backend = RequiredBackend.open("cpu-vector", new BackendOptions(2));
                Region region = backend.region("gradients")) {
            Tensor dWeight = region.floats("dWeight", Role.WEIGHT, 64, 90);
            Tensor x = region.floats("x", Role.ACTIVATION, 48, 90);
            Tensor dy = region.floats("dy", Role.ACTIVATION, 48, 64);
            assertAllocatesNothing(
                    PRODUCTS, () -> backend.kernels().linear().backwardWeight(dWeight, Optional.empty(), dy, x));
        }
    }

    /// Some rounds of so many calls, until one makes no objects.
    private static void assertAllocatesNothing(int calls, Runnable call) {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int round = 0; round < MOST_ROUNDS && least > 0; round++) {
            long before = threads.getTotalThreadAllocatedBytes();
            for (int i = 0; i < calls; i++) {
                call.run();
            }
            least = Math.min(least, threads.getTotalThreadAllocatedBytes() - before);
        }
        assertThat(least).as("bytes allocated by %d calls", calls).isZero();
    }
}
