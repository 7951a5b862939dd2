package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.tandem.engine.Backend;
import dev.tandem.engine.BackendUnavailable;
import dev.tandem.engine.DeviceException;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.OutOfDeviceMemory;
import dev.tandem.engine.Region;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.GeluForm;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What the backend makes of a driver that fails; run by [CudaDriverTest], whose process has that driver.
final class DriverFailures {
    private static final long ROOM = 1L << 30;
    private static final int OUT_OF_MEMORY = 2;
    private static final int ILLEGAL_ADDRESS = 700;

    private static Backend open() {
        return ShimDriver.open(Schedule.FORWARD);
    }

    @AfterEach
    void theContextWasGivenBack() {
        ShimDriver.set("room", ROOM);
        assertThat(ShimDriver.left()).isNotNegative();
    }

    @Test
    void aKernelThatFailsIsAmongThoseNamedAndTheDeviceRefusesFurtherWork() {
        Backend backend = open();
        Tensor x = backend.region("region").floats("x", Role.ACTIVATION, 64);
        backend.kernels().gelu().forward(x, x, GeluForm.ERF);
        backend.synchronize();
        ShimDriver.set("add_forward", ILLEGAL_ADDRESS);
        backend.kernels().fill().constant(x, 1);
        backend.kernels().add().forward(x, x, x);

        assertThatThrownBy(backend::synchronize)
                .isInstanceOf(DeviceException.class)
                .hasMessage("cuStreamSynchronize failed with code 700 in one of the last kernels: fill_constant,"
                        + " add_forward: an illegal memory access was encountered; the device is unusable from now on:"
                        + " close the backend and open it again in a new process");
        refuses(() -> backend.kernels().add().forward(x, x, x));
        refuses(() -> backend.floats(x));
        backend.close(); // who holds it has heard
    }

    @Test
    void aFailureThatNobodyHasHeardIsRaisedByTheFirstCloseAlone() {
        Backend backend = open();
        Region region = backend.region("region");
        Tensor x = region.floats("x", Role.ACTIVATION, 64);
        ShimDriver.set("fill_constant", ILLEGAL_ADDRESS);
        backend.kernels().fill().constant(x, 1);

        assertThatThrownBy(region::close)
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("code 700 in fill_constant");
        region.close();
        backend.close();
    }

    private static void refuses(ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("a device that failed before")
                .hasMessageContaining("fill_constant, add_forward");
    }

    @Test
    void sharedMemoryThatTheDriverRefusedIsAskedForAgain() {
        try (Backend backend = open()) {
            Region region = backend.region("region");
            Tensor x = region.allocate("x", Role.ACTIVATION, ElementType.BF16, 16, 16);
            Tensor weight = region.allocate("weight", Role.WEIGHT, ElementType.BF16, 16, 16);
            Tensor y = region.allocate("y", Role.ACTIVATION, ElementType.BF16, 16, 16);
            ShimDriver.set("cuFuncSetAttribute", OUT_OF_MEMORY);

            assertThatThrownBy(() -> backend.kernels().linear().forward(y, x, weight, Optional.empty()))
                    .isInstanceOf(DeviceException.class)
                    .hasMessageStartingWith("cuFuncSetAttribute failed with code 2 in product_forward_bf16");
            backend.kernels().linear().forward(y, x, weight, Optional.empty());
            backend.synchronize();
        }
    }

    @Test
    void doctorLoadsTheBindingsOfCublasWhereThereIsAGpu() {
        assertThat(new CudaProvider().requirements().get("cuBLAS"))
                .startsWith("12.8.5, ")
                .endsWith("slower: cuBLASLt is version 12.8.5: install that of CUDA 13");
    }

    @Test
    void whatIsClosedLeavesNothingBehind() {
        try (Backend backend = open()) {
            Tensor x = backend.region("region").floats("x", Role.ACTIVATION, 64);
            backend.kernels().fill().constant(x, 1);
        }
        assertThat(ShimDriver.left()).isZero();
    }

    @Test
    void aTensorWithoutRoomIsNamedAndSmallerOnesStillFit() {
        try (Backend backend = open()) {
            long free = 100 << 20;
            ShimDriver.set("room", ROOM - backend.memoryUsage().free() + free);

            var refused = catchThrowableOfType(
                    OutOfDeviceMemory.class,
                    () -> backend.region("region").floats("hidden", Role.ACTIVATION, 64 << 20));

            assertThat(refused)
                    .hasMessageContaining("tensor 'hidden' needs 268,435,456 bytes, but only 104,857,600 are");
            assertThat(backend.floats(backend.region("region").floats("small", Role.ACTIVATION, 20 << 20)))
                    .containsOnly(0);
        }
    }

    @Test
    void memoryThatIsThereOnceThePoolHasGivenBackItsPiecesIsTaken() {
        try (Backend backend = open()) {
            ShimDriver.set("cuMemAllocAsync", OUT_OF_MEMORY);
            assertThat(backend.floats(backend.region("region").floats("x", Role.ACTIVATION, 8)))
                    .containsOnly(0);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "cuDevicePrimaryCtxRetain, 2",
        "cuCtxSetCurrent, 201",
        "cuStreamCreate, 2",
        "cuMemHostAlloc, 2",
        "cuEventCreate, 2",
        "cuModuleLoadData, 200",
        "cuModuleGetFunction, 500",
        "cuMemAllocAsync, 1"
    })
    void aGpuThatDoesNotOpenIsUnavailableForAReason(String call, int code) {
        ShimDriver.set(call, code);

        assertThatThrownBy(DriverFailures::open)
                .isInstanceOf(BackendUnavailable.class)
                .hasMessageStartingWith("backend 'cuda' is not available: Host Shim does not open: ");
    }

    @Test
    void whatIsLargerThanAllStagingArrivesWhole() {
        float[] values = new float[9_000_001];
        for (int i = 0; i < values.length; i++) {
            values[i] = i;
        }
        try (Backend backend = open()) {
            Tensor x = backend.region("region").floats("x", Role.ACTIVATION, values.length);
            backend.upload(x, values);
            float[] first = {-1};
            backend.upload(x.slice(0, 1), first);
            first[0] = 7; // may change as soon as the call is over

            values[0] = -1;
            assertThat(backend.floats(x)).isEqualTo(values);
        }
    }

    @Test
    void anotherThreadMayGoOn() {
        try (Backend backend = open()) {
            Tensor x = backend.region("region").floats("x", Role.ACTIVATION, 8);

            CompletableFuture.runAsync(() -> backend.kernels().fill().constant(x, 3))
                    .join();

            assertThat(backend.floats(x)).containsOnly(3);
        }
    }

    @Test
    void aLaunchThatIsRefusedNamesItsKernelAndLeavesTheDeviceAlive() {
        try (Backend backend = open()) {
            Tensor x = backend.region("region").floats("x", Role.ACTIVATION, 8);
            ShimDriver.set("cuLaunchKernel", OUT_OF_MEMORY);

            assertThatThrownBy(() -> backend.kernels().fill().constant(x, 3))
                    .isInstanceOf(DeviceException.class)
                    .hasMessageStartingWith("cuLaunchKernel failed with code 2 in fill_constant: ");
            backend.kernels().fill().constant(x, 4);
            assertThat(backend.floats(x)).containsOnly(4);
        }
    }
}
