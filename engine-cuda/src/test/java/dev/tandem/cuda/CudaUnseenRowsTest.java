package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Region;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Attention over positions that hold NaN, in `qkv` and in `dy`: where a query must not look, they change no
/// bit of what it gets and gives. Tensor cores multiply whole tiles, in which a weight of 0 meets such rows.
final class CudaUnseenRowsTest {
    private static final int T = 100;
    private static final int H = 2;
    private static final int C = 12;
    private static final int LATER = 70;
    private static final int PADDED = 37;
    private static final long SEED = 0x5EED;

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16"})
    void nothingLaterThanAQueryReachesIt(ElementType type) {
        try (Backend device = ShimBackend.open();
                Region region = device.region("unseen")) {
            var numbers = new Run(device, region, type, 0, 0, 0);
            var later = new Run(device, region, type, 0, LATER, T);

            assertThat(rows(later.y, C, 0, LATER)).containsExactly(rows(numbers.y, C, 0, LATER));
            for (int t = 0; t < LATER; t++) {
                int from = t * 3 * C;
                assertThat(Arrays.copyOfRange(later.dqkv, from, from + C))
                        .as("dq at position %d", t)
                        .containsExactly(Arrays.copyOfRange(numbers.dqkv, from, from + C));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16"})
    void nothingOfPaddingReachesOthers(ElementType type) {
        try (Backend device = ShimBackend.open();
                Region region = device.region("unseen")) {
            var numbers = new Run(device, region, type, PADDED, 0, 0);
            var padding = new Run(device, region, type, PADDED, 0, PADDED);

            assertThat(rows(padding.y, C, PADDED, T)).containsExactly(rows(numbers.y, C, PADDED, T));
            assertThat(rows(padding.dqkv, 3 * C, PADDED, T)).containsExactly(rows(numbers.dqkv, 3 * C, PADDED, T));
        }
    }

    private static float[] rows(float[] values, int width, int from, int to) {
        float[] rows = Arrays.copyOfRange(values, from * width, to * width);
        assertThat(rows).doesNotContain(Float.NaN);
        return rows;
    }

    /// Forward and backward of one sequence whose first positions are padding; positions `from … to−1` hold
    /// no numbers.
    private static final class Run {
        private final float[] y;
        private final float[] dqkv;

        Run(Backend device, Region region, ElementType type, int padded, int from, int to) {
            Tensor qkv = region.allocate("qkv", Role.ACTIVATION, type, 1, T, 3 * C);
            Tensor dy = region.allocate("dy", Role.ACTIVATION, type, 1, T, C);
            Tensor yTensor = region.allocate("y", Role.ACTIVATION, type, 1, T, C);
            Tensor dqkvTensor = region.allocate("dqkv", Role.ACTIVATION, type, 1, T, 3 * C);
            Tensor logSumExp = region.floats("logSumExp", Role.ACTIVATION, 1, H, T);
            Tensor padding = region.allocate("padding", Role.ACTIVATION, ElementType.I32, 1, T);
            fill(device, qkv, 1, from, to);
            fill(device, dy, 2, from, to);
            int[] isPadding = new int[T];
            Arrays.fill(isPadding, 0, padded, 1);
            device.upload(padding, isPadding);
            Optional<Tensor> mask = padded > 0 ? Optional.of(padding) : Optional.empty();
            var attention = device.kernels().attention();
            attention.forward(yTensor, logSumExp, qkv, mask, H, 0, 0, 0);
            attention.backward(dqkvTensor, dy, yTensor, logSumExp, qkv, mask, H, 0, 0, 0);
            y = device.floats(yTensor);
            dqkv = device.floats(dqkvTensor);
        }

        private static void fill(Backend device, Tensor tensor, long stream, int from, int to) {
            device.kernels().fill().normal(tensor, 0, 1, SEED, stream);
            float[] values = device.floats(tensor);
            int width = tensor.shape().extent(2);
            Arrays.fill(values, from * width, to * width, Float.NaN);
            device.upload(tensor, values);
        }
    }
}
