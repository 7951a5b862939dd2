package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Region;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// `four.cuh` reaches every element once, however tensors and grids lie.
final class FourElementsTest {
    private static final int ROOM = 4000;
    private static final float UNTOUCHED = -7;

    record Forward(DeviceAddress y, DeviceAddress x, long count) {}

    @ParameterizedTest(name = "y {0} and x {1} elements behind a wide address, {2} elements, {3} blocks")
    @CsvSource({
        "0, 0, 1, 1",
        "1, 1, 1, 1",
        "3, 3, 2, 1",
        "2, 2, 3, 1",
        "0, 0, 3200, 1",
        "1, 1, 3201, 2",
        "2, 2, 3333, 3",
        "3, 3, 3987, 1",
        "0, 1, 2049, 1",
        "1, 3, 2050, 2",
        "2, 0, 2051, 1",
        "3, 2, 1027, 2",
    })
    void everyElementIsWrittenAndNoOther(int yOffset, int xOffset, int count, int blocks) {
        for (ElementType type : new ElementType[] {ElementType.F32, ElementType.BF16}) {
            everyElementIsWritten(type, yOffset, xOffset, count, blocks);
        }
    }

    private static void everyElementIsWritten(ElementType type, int yOffset, int xOffset, int count, int blocks) {
        float[] x = new float[ROOM];
        float[] y = new float[ROOM];
        for (int i = 0; i < ROOM; i++) {
            x[i] = 100 + i % 100; // so large that it is its own GELU, so small that BF16 holds it
            y[i] = UNTOUCHED;
        }
        float[] wanted = y.clone();
        System.arraycopy(x, xOffset, wanted, yOffset, count);
        HostShim shim = ShimBackend.shim(Schedule.FORWARD);
        try (Backend backend = Backend.of(new CudaDevice(shim, ShimBackend.EXACTLY));
                Region region = backend.region("rooms");
                CudaQueue queue = new CudaQueue(shim, ShimBackend.EXACTLY)) {
            Tensor xRoom = upload(backend, region, type, x);
            Tensor yRoom = upload(backend, region, type, y);
            TypedKernel.of(queue, "gelu.cu", "gelu_erf_forward", Forward.class)
                    .of(type)
                    .launch(
                            Grid.of(blocks, 256),
                            new Forward(
                                    DeviceAddress.of(yRoom).plus((long) yOffset * type.bytes()),
                                    DeviceAddress.of(xRoom).plus((long) xOffset * type.bytes()),
                                    count));
            y = backend.floats(yRoom);
        }

        assertThat(y).containsExactly(wanted);
    }

    private static Tensor upload(Backend backend, Region region, ElementType type, float[] values) {
        Tensor room = region.allocate("room", Role.STATE, type, ROOM);
        backend.upload(room, values);
        return room;
    }
}
