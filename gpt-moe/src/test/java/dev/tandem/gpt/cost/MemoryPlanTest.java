package dev.tandem.gpt.cost;

import static org.assertj.core.api.Assertions.as;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.PlannedTensor;
import dev.tandem.gpt.Gpt;
import dev.tandem.gpt.GptConfig;
import dev.tandem.gpt.Precision;
import dev.tandem.gpt.Schedule;
import dev.tandem.gpt.TrainingOptions;
import dev.tandem.testkit.ReferenceBackend;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// What is planned against what is allocated.
class MemoryPlanTest {
    static Stream<Arguments> models() {
        var dense = GptConfig.gpt3(40, 16, 4, 16, 2);
        return Stream.of(dense, dense.withExperts(4).withPadding(1), GptConfig.gpt2(40, 16, 2, 16, 2))
                .flatMap(config -> Stream.of(Precision.values()).map(precision -> Arguments.of(config, precision)));
    }

    @ParameterizedTest
    @MethodSource("models")
    void everyPlannedByteIsAllocatedAndNoOther(GptConfig config, Precision precision) {
        var options = TrainingOptions.paper(new Schedule(1e-3, 0, 1), 1);
        try (Backend backend = ReferenceBackend.open();
                Gpt model = Gpt.create(backend, config, precision, 1)) {
            long weights = backend.memoryUsage().tensors();
            try (var _ = model.training(options, 3, 8, 2)) {
                assertThat(backend.memoryUsage().tensors())
                        .isEqualTo(bytes(MemoryPlan.training(config, precision, 3, 8, 2)));
            }
            try (var _ = model.evaluation(2, 16)) {
                assertThat(backend.memoryUsage().tensors())
                        .isEqualTo(bytes(MemoryPlan.evaluation(config, precision, 2, 16)));
            }
            try (var _ = model.decode(2, 10)) {
                assertThat(backend.memoryUsage().tensors())
                        .isEqualTo(bytes(MemoryPlan.decoding(config, precision, 2, 10)));
            }
            for (ElementType type : new ElementType[] {ElementType.BF16, ElementType.Q8}) {
                if (precision == Precision.F32) {
                    try (var _ = model.decode(2, 10, type)) {
                        assertThat(backend.memoryUsage().tensors())
                                .isEqualTo(bytes(MemoryPlan.decoding(config, precision, type, 2, 10)));
                    }
                }
            }
            assertThat(backend.memoryUsage().tensors()).isEqualTo(weights);
        }
    }

    @Test
    void aProcessTakesItsTensorsAndJava() {
        var tensors = MemoryPlan.evaluation(GptConfig.gpt3(40, 16, 4, 16, 2), 1, 16);
        var process = new ResidentMemory(tensors);
        assertThat(process.bytes()).isEqualTo(tensors.bytes() + ResidentMemory.JAVA);
        assertThat(process.toString().lines())
                .containsSequence(tensors.toString().lines().limit(2).toList())
                .contains("Java            140.0 MiB")
                .last(as(STRING))
                .isEqualTo("total           140.1 MiB");
        assertThat(tensors.toString()).doesNotContain("Java");
    }

    private static long bytes(MemoryPlan plan) {
        return plan.parts().stream()
                .flatMap(part -> part.buffers().stream())
                .mapToLong(MemoryPlanTest::bytes)
                .sum();
    }

    /// The reference holds a float in eight bytes, and scales in four.
    private static long bytes(PlannedTensor buffer) {
        long doubles = buffer.shape().elements() * Double.BYTES;
        return switch (buffer.type()) {
            case I32 -> buffer.bytes();
            case F32, BF16 -> doubles;
            case Q8 -> doubles + buffer.shape().rows() * Float.BYTES;
        };
    }
}
