package dev.tandem.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.tandem.bench.kernel.AddBenchmark;
import dev.tandem.bench.kernel.ColdWeightsBenchmark;
import dev.tandem.bench.kernel.ExpertLinearBenchmark;
import dev.tandem.bench.step.DecodeProblem;
import dev.tandem.bench.step.Model;
import dev.tandem.bench.step.TrainingProblem;
import dev.tandem.engine.ElementType;
import dev.tandem.gpt.GptConfig;
import dev.tandem.gpt.Precision;
import dev.tandem.testkit.ReferenceBackend;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openjdk.jmh.annotations.Benchmark;

/// Benchmarks in BF16, which only GPUs are measured in, on operands small enough for the reference.
final class PrecisionTest {
    @ParameterizedTest
    @CsvSource({
        "kernel.AdamWBenchmark, 4x8",
        "kernel.AddBenchmark, 4x8",
        "kernel.AttentionBenchmark, 1x4x8x2",
        "kernel.CrossEntropyBenchmark, 4x8",
        "kernel.DispatchBenchmark, 8x8x4",
        "kernel.DropoutBenchmark, 4x8",
        "kernel.EmbeddingBenchmark, 1x4x8x16",
        "kernel.ExpertFeedForwardBenchmark, 8x8x8",
        "kernel.ExpertLinearBenchmark, 8x8x8",
        "kernel.FillBenchmark, 4x8",
        "kernel.GateBenchmark, 8x4",
        "kernel.GeluBenchmark, 4x8",
        "kernel.GradientNormBenchmark, 4x8",
        "kernel.LayerNormBenchmark, 4x8",
        "kernel.LinearBenchmark, 4x8x8",
        "step.MoeLayerBenchmark, 8x8x8"
    })
    void everyCallIsMadeOnOperandsThatTheKernelsAccept(String name, String size) throws ReflectiveOperationException {
        BackendBenchmark benchmark = Class.forName("dev.tandem.bench." + name)
                .asSubclass(BackendBenchmark.class)
                .getConstructor()
                .newInstance();
        benchmark.backend = ReferenceBackend.NAME;
        benchmark.precision = Precision.BF16;
        benchmark.getClass().getField("size").set(benchmark, size);
        for (Field field : benchmark.getClass().getFields()) {
            if (field.getName().equals("experts")) {
                field.setInt(benchmark, 4);
            }
        }
        benchmark.getClass().getMethod("setUp").invoke(benchmark);
        List<Method> calls = Arrays.stream(benchmark.getClass().getMethods())
                .filter(method -> method.isAnnotationPresent(Benchmark.class))
                .toList();
        var work = new Work();

        for (Method call : calls) {
            call.invoke(benchmark, work);
        }
        benchmark.close();

        assertThat(calls).isNotEmpty();
        assertThat(work.read + work.written + work.updated).isPositive();
    }

    @Test
    void anActivationOfBf16MovesHalfTheBytes() {
        assertThat(bytesOfAdd(Precision.BF16) * 2).isEqualTo(bytesOfAdd(Precision.F32));
    }

    private static long bytesOfAdd(Precision precision) {
        var benchmark = new AddBenchmark();
        benchmark.backend = ReferenceBackend.NAME;
        benchmark.precision = precision;
        benchmark.size = "4x8";
        benchmark.setUp();
        var work = new Work();
        benchmark.forward(work);
        benchmark.close();
        return work.read + work.written;
    }

    @Test
    void productsOfExpertsHaveRowsOfTrainingToo() {
        var benchmark = new ExpertLinearBenchmark();
        benchmark.backend = ReferenceBackend.NAME;
        benchmark.size = "8x8x8";
        benchmark.experts = 4;
        benchmark.load = Load.ONE; // four slots each: the first expert drops half of the tokens
        var compact = new Work();
        var padded = new Work();
        benchmark.setUp();
        benchmark.forward(compact);
        benchmark.close();
        benchmark.padded = true;
        benchmark.setUp();
        benchmark.forward(padded);
        benchmark.close();

        assertThat(padded.flop).isLessThan(compact.flop).isPositive();
    }

    @Test
    void aModelTrainsOnSeveralMicroBatches() {
        var config = GptConfig.gpt3(17, 8, 2, 16, 2).withExperts(4);
        try (var backend = ReferenceBackend.open();
                var room = new Room(backend, Precision.BF16)) {
            var once = new TrainingProblem(room, config, 2);
            var twice = new TrainingProblem(room, config, 2, 2);
            twice.update();

            assertThat(twice.ids()).hasSize(2 * 2 * 8);
            assertThat(twice.cost().flop()).isEqualTo(2 * once.cost().flop());
        }
    }

    @ParameterizedTest
    @CsvSource({"F32, 4", "BF16, 2", "Q8, 1"})
    void weightsOfFewerBytesMoveFewer(ElementType weights, int bytes) {
        var benchmark = new ColdWeightsBenchmark();
        benchmark.size = "1x64x32";
        benchmark.weights = weights;
        var work = new Work();
        benchmark.backend = "cpu-vector";
        benchmark.setUp();
        benchmark.forward(work);
        benchmark.close();

        int scales = weights == ElementType.Q8 ? 32 * Float.BYTES : 0;
        assertThat(work.read).isEqualTo(64L * 32 * bytes + scales + 64 * Float.BYTES);
        assertThat(DecodeProblem.decodeCost(Model.GPT2.config(), Precision.F32, weights, 1)
                        .read())
                .isBetween(124e6 * bytes, 125e6 * bytes);
    }

    @Test
    void aBackendWithoutBf16SaysSo() {
        var benchmark = new AddBenchmark();
        benchmark.backend = "cpu-vector";
        benchmark.precision = Precision.BF16;
        benchmark.size = "4x8";

        assertThatIllegalArgumentException()
                .isThrownBy(benchmark::setUp)
                .withMessageContaining("'cpu-vector' does not compute in BF16");
    }
}
