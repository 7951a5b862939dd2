package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.tandem.engine.Backend;
import dev.tandem.engine.DeviceException;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Kernels;
import dev.tandem.engine.Region;
import dev.tandem.engine.RepeatedStep;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What a step does besides launching kernels happens in its place.
final class RepeatedStepTest {
    private final CountingAccelerator counting = new CountingAccelerator(ShimBackend.shim());
    private final Backend backend = Backend.of(new CudaDevice(counting, ShimBackend.EXACTLY));
    private final Kernels kernels = backend.kernels();
    private final Region region = backend.region("step");
    private final RepeatedStep repeated = region.repeated();
    private final Tensor x = floats("x");
    private final Tensor y = floats("y");
    private final Tensor z = floats("z");

    @AfterEach
    void close() {
        backend.close();
    }

    private Tensor floats(String name) {
        return region.floats(name, Role.ACTIVATION, 1);
    }

    private float value(Tensor tensor) {
        return backend.floats(tensor)[0];
    }

    @Test
    void kernelsAreLaunchedTogetherAndOutsideOfAStepByThemselves() {
        counting.calls();
        counting.kernels();
        repeated.run(() -> {
            kernels.fill().constant(x, 1);
            kernels.add().forward(y, x, x);
            assertThat(counting.calls()).isEmpty();
        });
        assertThat(counting.calls()).isEqualTo(Map.of("graph", 1, "launch", 1));
        assertThat(counting.kernels()).isZero();
        assertThat(value(y)).isEqualTo(2);
        kernels.add().forward(y, y, x);
        assertThat(counting.kernels()).isEqualTo(1);
        assertThat(value(y)).isEqualTo(3);
    }

    @Test
    void copiesAndWaitingFindWhatWasBeforeThemAndNothingAfter() {
        for (int round = 0; round < 2; round++) {
            int value = round + 1;
            repeated.run(() -> {
                kernels.fill().constant(x, value);
                kernels.add().forward(y, x, x);
                backend.upload(x, new float[] {10 * value});
                kernels.add().forward(z, x, y);
                assertThat(value(z)).isEqualTo(12 * value);
                kernels.add().forward(z, z, z);
                backend.synchronize();
                kernels.add().forward(z, z, x);
            });
            assertThat(value(y)).isEqualTo(2 * value);
            assertThat(value(z)).isEqualTo(34 * value);
            assertThat(counting.calls()).containsEntry("launch", 4);
        }
    }

    @Test
    void tensorsThatAStepAllocatesAndFreesLiveWhenItsKernelsRun() {
        repeated.run(() -> {
            kernels.fill().constant(x, 3);
            try (Region inner = backend.region("inner")) {
                Tensor doubled = inner.floats("doubled", Role.ACTIVATION, 1);
                kernels.add().forward(doubled, x, x);
                kernels.add().forward(y, doubled, x);
            }
        });
        assertThat(value(y)).isEqualTo(9);
    }

    /// Token and position vectors of two texts; ranks of their tokens stand in scratch.
    private static final class Embedded {
        private static final int C = 4;

        final Kernels kernels;
        final Tensor ids;
        final Tensor table;
        final Tensor positions;
        final Tensor few;
        final Tensor many;

        Embedded(Backend backend, Region region) {
            kernels = backend.kernels();
            ids = region.allocate("ids", Role.ACTIVATION, ElementType.I32, 1, 9);
            table = region.floats("table", Role.WEIGHT, C, C);
            positions = region.floats("positions", Role.STATE, 20, C);
            few = region.floats("few", Role.ACTIVATION, 1, 2, C);
            many = region.floats("many", Role.ACTIVATION, 1, 9, C);
            backend.upload(ids, new int[] {2, 3, 0, 1, 2, 3, 1, 1, 2});
            kernels.embedding().sinusoidal(positions, 0);
            kernels.fill().constant(table, 0.5f);
        }

        void few(int start) {
            Tensor first = ids.reshape(9).slice(0, 2).reshape(1, 2);
            kernels.embedding().forward(few, first, table, positions, 2, 0, start);
        }

        void many(int start) {
            kernels.embedding().forward(many, ids, table, positions, 2, 0, start);
        }
    }

    @Test
    void scratchThatGrowsStaysUntilTheKernelsBeforeAreLaunched() {
        var embedded = new Embedded(backend, region);
        counting.calls();
        repeated.run(() -> {
            embedded.few(0);
            embedded.many(3);
            assertThat(counting.calls()).isEqualTo(Map.of("allocate", 2));
        });
        assertThat(counting.calls()).isEqualTo(Map.of("free", 1, "graph", 1, "launch", 1));
        float[] few = backend.floats(embedded.few);
        float[] many = backend.floats(embedded.many);
        embedded.few(0);
        embedded.many(3);
        assertThat(backend.floats(embedded.few)).isEqualTo(few);
        assertThat(backend.floats(embedded.many)).isEqualTo(many);
    }

    @Test
    void whereOldAndNewScratchDoNotFitTogetherTheKernelsBeforeAreLaunchedFirst() {
        try (Backend crowded = Backend.of(new CudaDevice(new HostShim(Schedule.FORWARD, 10_000), ShimBackend.EXACTLY));
                Region own = crowded.region("step")) {
            var embedded = new Embedded(crowded, own);
            // two ranks and two tokens before, nine of each then
            int left = 9 * 2 * Integer.BYTES + 8;
            own.floats("filler", Role.STATE, (int) (crowded.memoryUsage().free() - left) / Float.BYTES);
            own.repeated().run(() -> {
                embedded.few(0);
                embedded.many(3);
            });
            float[] few = crowded.floats(embedded.few);
            embedded.few(0);
            assertThat(crowded.floats(embedded.few)).isEqualTo(few);
        }
    }

    @Test
    void aStepIsTheSameWhateverPositionWasSetBeforeIt() {
        var embedded = new Embedded(backend, region);
        repeated.run(() -> embedded.few(3));
        embedded.few(3);
        counting.calls();
        repeated.run(() -> embedded.few(3));
        assertThat(counting.calls()).isEqualTo(Map.of("launch", 1));
    }

    @Test
    void aPositionThatAStepDroppedIsSetAgain() {
        var embedded = new Embedded(backend, region);
        embedded.few(3);
        float[] expected = backend.floats(embedded.few);
        embedded.few(0);
        assertThatIllegalStateException()
                .isThrownBy(() -> repeated.run(() -> {
                    embedded.few(3);
                    throw new IllegalStateException("no more");
                }));
        assertThat(backend.floats(embedded.few)).isNotEqualTo(expected);
        embedded.few(3);
        assertThat(backend.floats(embedded.few)).isEqualTo(expected);
    }

    @Test
    void aStepThatThrowsRunsNothingMoreAndTheNextOneIsWhole() {
        backend.upload(y, new float[] {7});
        assertThatIllegalStateException()
                .isThrownBy(() -> repeated.run(() -> {
                    kernels.fill().constant(x, 1);
                    backend.synchronize();
                    kernels.fill().constant(y, 2);
                    throw new IllegalStateException("no more");
                }));
        assertThat(value(x)).isEqualTo(1);
        assertThat(value(y)).isEqualTo(7);
        repeated.run(() -> kernels.add().forward(z, x, y));
        assertThat(value(z)).isEqualTo(8);
    }

    @Test
    void withoutGraphsAFailureIsThatOfItsKernelAtOnce() {
        var failing = new RecordingAccelerator(kernel -> (_, _) -> {
            throw new DeviceException("launch", 1, kernel, "refused");
        });
        try (Backend debugged = Backend.of(new CudaDevice(failing, MemorySteps.GPU));
                Region own = debugged.region("step")) {
            Tensor tensor = own.floats("x", Role.ACTIVATION, 1);
            assertThatExceptionOfType(DeviceException.class)
                    .isThrownBy(() -> own.repeated().run(() -> {
                        debugged.kernels().fill().constant(tensor, 1);
                        throw new AssertionError("the kernel was kept back");
                    }))
                    .withMessageContaining("fill_constant");
        }
    }
}
