package dev.tandem.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.tandem.engine.kernel.GeluForm;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RegionTest {
    private final RecordingDevice device = new RecordingDevice();
    private final Backend backend = Backend.of(device);
    private final Region region = backend.region("step");

    @AfterEach
    void close() {
        backend.close();
    }

    private static PlannedTensor planned(String name, ElementType type, int... extents) {
        return new PlannedTensor(name, Role.ACTIVATION, type, Shape.of(extents));
    }

    @Test
    void whatWillComeReachesTheDeviceBeforeIt() {
        var x = planned("x", ElementType.F32, 4);
        region.reserve(List.of(x, planned("y", ElementType.I32, 2)));
        assertThat(device.calls).containsExactly("reserve [x, y]");
        Tensor tensor = region.allocate(x);
        assertThat(tensor.name()).isEqualTo("x");
        assertThat(tensor.shape()).isEqualTo(x.shape());
    }

    @Test
    void aPlanThatCannotBeAllocatedNeverReachesTheDevice() {
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        region.reserve(List.of(planned("x", ElementType.F32, 1), planned("y", ElementType.BF16, 1))))
                .withMessageContaining("tensor 'y': backend 'recording' does not compute in BF16");
        region.close();
        assertThatIllegalStateException()
                .isThrownBy(() -> region.reserve(List.of(planned("x", ElementType.F32, 1))))
                .withMessageContaining("'step' is closed");
        assertThat(device.calls).noneMatch(call -> call.startsWith("reserve"));
    }

    @Test
    void aPlanThatDoesNotFitSaysOfWhichRegionAndItsLargestTensor() {
        var tensors = List.of(
                planned("x", ElementType.F32, 4),
                planned("logits", ElementType.F32, 9, 8),
                planned("ids", ElementType.I32, 6));
        assertThatExceptionOfType(OutOfDeviceMemory.class)
                .isThrownBy(() -> {
                    throw OutOfDeviceMemory.planned(1234, 500, "step", tensors);
                })
                .withMessageStartingWith(
                        "region 'step' needs 1,234 bytes for 3 tensors, the largest of them 'logits' F32 [9, 8],"
                                + " but only 500 are free: ")
                .returns(1234L, OutOfDeviceMemory::requested)
                .returns(500L, OutOfDeviceMemory::free)
                .returns("logits", OutOfDeviceMemory::tensor);
    }

    @Test
    void theDeviceLetsGoOfARegionOnceAndLast() {
        Tensor x = region.floats("x", Role.ACTIVATION, 4);
        region.close();
        region.close();
        backend.close();
        assertThat(device.freed).containsExactly(x.storage());
        assertThat(device.calls).containsOnlyOnce("release step").endsWith("release step", "synchronize");
    }

    @Test
    void aStepRunsOnTheDevicesTerms() {
        Tensor x = region.floats("x", Role.ACTIVATION, 4);
        RepeatedStep repeated = region.repeated();
        repeated.run(() -> backend.kernels().gelu().forward(x, x, GeluForm.ERF));
        repeated.run(() -> {});
        assertThat(device.calls).containsExactly("begin", "Gelu.forward", "end", "begin", "end");
    }

    @Test
    void aStepThatFailedHinderedNoOther() {
        RepeatedStep repeated = region.repeated();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> repeated.run(() -> {
                    throw new IllegalArgumentException("no such token");
                }));
        repeated.run(() -> {});
        assertThat(device.calls).containsExactly("begin", "begin", "end");
    }

    @Test
    void stepsNeitherNestNorOutliveTheirRegion() {
        RepeatedStep repeated = region.repeated();
        Region other = backend.region("other");
        RepeatedStep inner = other.repeated();
        assertThatIllegalStateException()
                .isThrownBy(() -> repeated.run(() -> inner.run(() -> {})))
                .withMessage("region 'other': a step cannot run within one of region 'step'");
        assertThatIllegalStateException()
                .isThrownBy(() -> repeated.run(region::close))
                .withMessage("region 'step' runs a step: close it afterwards");
        repeated.run(other::close);
        region.close();
        assertThatIllegalStateException()
                .isThrownBy(() -> repeated.run(() -> {}))
                .withMessage("region 'step' is closed: it repeats no step");
        assertThatIllegalStateException().isThrownBy(region::repeated);
    }

    @Test
    void noOtherThreadsCallsComeInBetween() throws InterruptedException {
        var started = new CountDownLatch(1);
        var other = new Thread(() -> {
            started.countDown();
            backend.synchronize();
        });
        region.repeated().run(() -> {
            other.start();
            try {
                started.await();
                other.join(100);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        other.join();
        assertThat(device.calls).containsExactly("begin", "end", "synchronize");
    }
}
