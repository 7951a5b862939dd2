package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
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
        float[] x = new float[ROOM];
        float[] y = new float[ROOM];
        for (int i = 0; i < ROOM; i++) {
            x[i] = 100 + i; // so large that it is its own GELU
            y[i] = UNTOUCHED;
        }
        float[] wanted = y.clone();
        System.arraycopy(x, xOffset, wanted, yOffset, count);
        try (HostShim shim = ShimBackend.shim(Schedule.FORWARD);
                CudaQueue queue = new CudaQueue(shim)) {
            long xAddress = upload(shim, x);
            long yAddress = upload(shim, y);
            queue.kernel("gelu.cu", "gelu_erf_forward", Forward.class)
                    .launch(
                            Grid.of(blocks, 256),
                            new Forward(
                                    new DeviceAddress(yAddress + (long) yOffset * Float.BYTES),
                                    new DeviceAddress(xAddress + (long) xOffset * Float.BYTES),
                                    count));
            shim.download(MemorySegment.ofArray(y), yAddress);
        }

        assertThat(y).containsExactly(wanted);
    }

    private static long upload(HostShim shim, float[] values) {
        long address = shim.allocate((long) ROOM * Float.BYTES).orElseThrow();
        shim.upload(address, MemorySegment.ofArray(values));
        return address;
    }
}
