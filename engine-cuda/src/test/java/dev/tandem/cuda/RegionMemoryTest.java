package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.tandem.engine.Backend;
import dev.tandem.engine.OutOfDeviceMemory;
import dev.tandem.engine.Region;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class RegionMemoryTest {
    private static final int CHUNK = 1 << 16;
    private static final int LARGE = CHUNK / 16 / Float.BYTES;
    private static final MemorySteps SHARING = new MemorySteps(1, CHUNK);
    private static final int OF_ITS_OWN = 20; // bytes that the backend takes when it opens

    private final CountingAccelerator counting = new CountingAccelerator(ShimBackend.shim());

    private static Backend open(Accelerator accelerator) {
        return Backend.of(new CudaDevice(accelerator, SHARING));
    }

    @Test
    void smallTensorsShareAChunkAndNoneReachesIntoAnother() {
        try (Backend backend = open(counting);
                Region region = backend.region("small")) {
            counting.calls();
            var tensors = new ArrayList<Tensor>();
            for (int i = 0; i < 100; i++) {
                tensors.add(region.floats("tensor " + i, Role.STATE, 1 + 37 * i % 101));
            }
            assertThat(counting.calls()).isEqualTo(Map.of("allocate", 1, "clear", 100));

            for (int i = 0; i < tensors.size(); i++) {
                assertThat(CudaStorage.address(tensors.get(i)) % 256).isZero();
                backend.upload(tensors.get(i), filled(tensors.get(i), i + 1));
            }
            for (int i = 0; i < tensors.size(); i++) {
                assertThat(backend.floats(tensors.get(i))).isEqualTo(filled(tensors.get(i), i + 1));
            }
        }
    }

    private static float[] filled(Tensor tensor, float value) {
        var values = new float[(int) tensor.shape().elements()];
        Arrays.fill(values, value);
        return values;
    }

    @Test
    void aLargeTensorHasAChunkOfItsSizeAndSmallOnesGoOnSharingTheirs() {
        try (Backend backend = open(counting);
                Region region = backend.region("mixed")) {
            region.floats("small", Role.STATE, 1);
            region.floats("large", Role.STATE, LARGE);
            region.floats("huge", Role.STATE, CHUNK);
            counting.calls();

            region.floats("small too", Role.STATE, LARGE - 1);

            assertThat(counting.calls()).isEqualTo(Map.of("clear", 1));
            assertThat(backend.memoryUsage().tensors()).isEqualTo(CHUNK + (long) Float.BYTES * (LARGE + CHUNK));
        }
    }

    @Test
    void allChunksGoBackWithTheRegionAndOthersStay() {
        try (Backend backend = open(counting);
                Region other = backend.region("other")) {
            Tensor kept = other.floats("kept", Role.STATE, 1);
            backend.upload(kept, new float[] {5});
            try (Region region = backend.region("closing")) {
                for (int i = 0; i < 40; i++) {
                    region.floats("tensor", Role.STATE, LARGE - 1);
                }
                assertThat(backend.memoryUsage().tensors()).isEqualTo(4L * CHUNK);
                counting.calls();
            }
            assertThat(counting.calls()).containsEntry("free", 3);
            assertThat(backend.memoryUsage().tensors()).isEqualTo(CHUNK);
            assertThat(backend.floats(kept)).containsExactly(5);
        }
    }

    @Test
    void theLastRoomIsGivenToTensorsThatFitAndAnotherIsRefusedByName() {
        int room = 10_000;
        try (Backend backend = open(new HostShim(Schedule.FORWARD, OF_ITS_OWN + room))) {
            try (Region region = backend.region("crowded")) {
                region.floats("fits", Role.STATE, 900);
                region.floats("fits too", Role.STATE, 900);
                for (String name : List.of("weight", "weight again")) {
                    assertThatExceptionOfType(OutOfDeviceMemory.class)
                            .isThrownBy(() -> region.floats(name, Role.STATE, 1000))
                            .withMessageContaining("'" + name + "'")
                            .returns(4000L, OutOfDeviceMemory::requested)
                            .returns(2800L, OutOfDeviceMemory::free);
                }
            }
            assertThat(backend.memoryUsage().free()).isEqualTo(room);
            try (Region region = backend.region("too large")) {
                assertThatExceptionOfType(OutOfDeviceMemory.class)
                        .isThrownBy(() -> region.floats("weight", Role.STATE, room));
            }
            assertThat(backend.memoryUsage().tensors()).isZero();
        }
    }
}
