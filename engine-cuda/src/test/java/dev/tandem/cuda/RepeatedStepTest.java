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

    @Test
    void scratchThatGrowsStaysUntilTheKernelsBeforeAreLaunched() {
        Tensor ids = region.allocate("ids", Role.ACTIVATION, ElementType.I32, 1, 9);
        Tensor few = ids.reshape(9).slice(0, 2).reshape(1, 2);
        Tensor table = region.floats("table", Role.WEIGHT, 4, 4);
        Tensor positions = region.floats("positions", Role.STATE, 20, 4);
        Tensor short_ = region.floats("short", Role.ACTIVATION, 1, 2, 4);
        Tensor long_ = region.floats("long", Role.ACTIVATION, 1, 9, 4);
        backend.upload(ids, new int[] {2, 3, 0, 1, 2, 3, 1, 1, 2});
        kernels.embedding().sinusoidal(positions, 0);
        kernels.fill().constant(table, 0.5f);
        counting.calls();
        // ranks of the tokens stand in scratch
        repeated.run(() -> {
            kernels.embedding().forward(short_, few, table, positions, 2, 0, 0);
            kernels.embedding().forward(long_, ids, table, positions, 2, 0, 3);
        });
        assertThat(counting.calls()).isEqualTo(Map.of("allocate", 2, "free", 1, "graph", 1, "launch", 1));
        float[] expectedShort = backend.floats(short_);
        float[] expectedLong = backend.floats(long_);
        kernels.embedding().forward(short_, few, table, positions, 2, 0, 0);
        kernels.embedding().forward(long_, ids, table, positions, 2, 0, 3);
        assertThat(backend.floats(short_)).isEqualTo(expectedShort);
        assertThat(backend.floats(long_)).isEqualTo(expectedLong);
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
