package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.OutOfDeviceMemory;
import dev.tandem.engine.PlannedTensor;
import dev.tandem.engine.Region;
import dev.tandem.engine.Role;
import dev.tandem.engine.Shape;
import dev.tandem.engine.Tensor;
import dev.tandem.gpt.DecodeSession;
import dev.tandem.gpt.Evaluation;
import dev.tandem.gpt.Gpt;
import dev.tandem.gpt.GptConfig;
import dev.tandem.gpt.Precision;
import dev.tandem.gpt.TrainingOptions;
import dev.tandem.gpt.TrainingStep;
import dev.tandem.gpt.cost.MemoryPlan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A region that is told what will come takes memory once.
final class RegionPlanTest {
    private static final int CHUNK = 1 << 16;
    private static final MemorySteps SHARING = new MemorySteps(1, CHUNK);
    private static final int OF_ITS_OWN = 20; // bytes that the backend takes when it opens
    private static final int ALIGNMENT = 256;

    private final CountingAccelerator counting = new CountingAccelerator(ShimBackend.shim());

    private static Backend open(Accelerator accelerator) {
        return Backend.of(new CudaDevice(accelerator, SHARING));
    }

    private static PlannedTensor floats(String name, int elements) {
        return new PlannedTensor(name, Role.STATE, ElementType.F32, Shape.of(elements));
    }

    private static long bytes(List<PlannedTensor> tensors) {
        return tensors.stream()
                .mapToLong(tensor -> Math.ceilDiv(tensor.bytes(), ALIGNMENT) * ALIGNMENT)
                .sum();
    }

    private static float[] filled(int elements, float value) {
        var values = new float[elements];
        Arrays.fill(values, value);
        return values;
    }

    @Test
    void plannedTensorsTakeMemoryOnceAndNoneReachesIntoAnother() {
        var plan = new ArrayList<PlannedTensor>();
        for (int i = 0; i < 40; i++) {
            // of both sides of what is large, and of a shared chunk
            plan.add(floats("tensor " + i, 1 + 5077 * i % 20011));
        }
        try (Backend backend = open(counting);
                Region region = backend.region("planned")) {
            counting.calls();
            region.reserve(plan);
            List<Tensor> tensors = plan.stream().map(region::allocate).toList();
            assertThat(counting.calls()).isEqualTo(Map.of("allocate", 1, "clear", 1));
            assertThat(backend.memoryUsage().tensors()).isEqualTo(bytes(plan));

            for (int i = 0; i < plan.size(); i++) {
                int elements = (int) plan.get(i).shape().elements();
                assertThat(CudaStorage.address(tensors.get(i)) % ALIGNMENT).isZero();
                assertThat(backend.floats(tensors.get(i))).isEqualTo(filled(elements, 0));
                backend.upload(tensors.get(i), filled(elements, i + 1));
            }
            for (int i = 0; i < plan.size(); i++) {
                int elements = (int) plan.get(i).shape().elements();
                assertThat(backend.floats(tensors.get(i))).isEqualTo(filled(elements, i + 1));
            }
        }
    }

    @Test
    void whatWasNotPlannedComesBetweenAndIsAllocatedAsEver() {
        try (Backend backend = open(counting)) {
            try (Region region = backend.region("mixed")) {
                region.reserve(List.of(floats("first", 100), floats("second", 100)));
                counting.calls();
                Tensor first = region.allocate(floats("first", 100));
                Tensor other = region.allocate(floats("other", 100));
                Tensor longer = region.allocate(floats("second", 101));
                assertThat(counting.calls()).isEqualTo(Map.of("allocate", 1, "clear", 2));
                Tensor second = region.allocate(floats("second", 100));
                region.allocate(floats("second", 100));
                assertThat(counting.calls()).isEqualTo(Map.of("clear", 1));

                assertThat(CudaStorage.address(second)).isEqualTo(CudaStorage.address(first) + 512);
                assertThat(List.of(other, longer, first, second))
                        .extracting(CudaStorage::address)
                        .doesNotHaveDuplicates();
                assertThat(backend.memoryUsage().tensors()).isEqualTo(1024 + CHUNK);
            }
            assertThat(backend.memoryUsage().tensors()).isZero();
        }
    }

    @Test
    void twoPlansFollowEachOther() {
        try (Backend backend = open(counting);
                Region region = backend.region("twice")) {
            counting.calls();
            region.reserve(List.of(floats("x", 10), floats("x", 10)));
            region.reserve(List.of());
            region.allocate(floats("x", 10));
            region.reserve(List.of(floats("y", 5000)));
            region.allocate(floats("x", 10));
            region.allocate(floats("y", 5000));
            assertThat(counting.calls()).isEqualTo(Map.of("allocate", 2, "clear", 2));
            assertThat(backend.memoryUsage().tensors()).isEqualTo(512 + 20_224);
        }
    }

    @Test
    void memoryOfTensorsThatNeverCameGoesBackWithTheRegion() {
        try (Backend backend = open(counting)) {
            try (Region region = backend.region("abandoned")) {
                region.reserve(List.of(floats("x", 10)));
                assertThat(backend.memoryUsage().tensors()).isEqualTo(ALIGNMENT);
            }
            assertThat(backend.memoryUsage().tensors()).isZero();
            assertThat(counting.calls()).containsEntry("free", 1);
        }
    }

    @Test
    void aPlanThatDoesNotFitTakesNothingAndTheRegionGoesOn() {
        int room = 10_000;
        try (Backend backend = open(new HostShim(Schedule.FORWARD, OF_ITS_OWN + room))) {
            try (Region region = backend.region("crowded")) {
                region.reserve(List.of(floats("fits", 64)));
                for (int again = 0; again < 2; again++) {
                    assertThatExceptionOfType(OutOfDeviceMemory.class)
                            .isThrownBy(() -> region.reserve(List.of(floats("small", 100), floats("weight", 2400))))
                            .withMessageContainingAll("region 'crowded'", "2 tensors", "'weight' F32 [2400]")
                            .returns(10_240L, OutOfDeviceMemory::requested)
                            .returns((long) room - ALIGNMENT, OutOfDeviceMemory::free)
                            .returns("weight", OutOfDeviceMemory::tensor);
                    assertThat(backend.memoryUsage().tensors()).isEqualTo(ALIGNMENT);
                }
                var endless = new PlannedTensor("endless", Role.STATE, ElementType.F32, Shape.of(1 << 30, 1 << 30, 4));
                assertThatExceptionOfType(OutOfDeviceMemory.class)
                        .isThrownBy(() -> region.reserve(List.of(floats("small", 1), endless)))
                        .returns(Long.MAX_VALUE, OutOfDeviceMemory::requested)
                        .returns("endless", OutOfDeviceMemory::tensor);

                Tensor fits = region.allocate(floats("fits", 64));
                backend.upload(fits, filled(64, 3));
                region.reserve(List.of(floats("fits too", 2000)));
                region.allocate(floats("fits too", 2000));
                assertThat(backend.floats(fits)).isEqualTo(filled(64, 3));
            }
            assertThat(backend.memoryUsage().free()).isEqualTo(room);
        }
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void aModelAStepAnEvaluationAndASessionTakeTheMemoryOfTheirPlansOnceEach(Precision precision) {
        GptConfig config = GptConfig.gpt3(13, 16, 2, 16, 2).withExperts(4).withPadding(0);
        var options = TrainingOptions.paper(new dev.tandem.gpt.Schedule(1e-2, 0, 1_000_000), 7);
        try (Backend backend = open(counting)) {
            counting.calls();
            try (Gpt model = Gpt.create(backend, config, precision, 1)) {
                assertOneAllocation(backend, MemoryPlan.decoding(config, precision, 1, 16), 1);
                try (TrainingStep _ = model.training(options, 2, 8, 2)) {
                    assertOneAllocation(backend, MemoryPlan.training(config, precision, 2, 8, 2), 4);
                }
                try (Evaluation _ = model.evaluation(2, 8)) {
                    assertOneAllocation(backend, MemoryPlan.evaluation(config, precision, 2, 8), 2);
                }
                try (DecodeSession _ = model.decode(2, 16)) {
                    assertOneAllocation(backend, MemoryPlan.decoding(config, precision, 2, 16), 2);
                }
            }
        }
    }

    /// One more since the last time, and now as much in use as those parts of a plan.
    private void assertOneAllocation(Backend backend, MemoryPlan plan, int parts) {
        assertThat(counting.calls()).containsEntry("allocate", 1);
        long bytes = plan.parts().subList(0, parts).stream()
                .mapToLong(part -> bytes(part.buffers()))
                .sum();
        assertThat(backend.memoryUsage().tensors()).isEqualTo(bytes);
    }
}
