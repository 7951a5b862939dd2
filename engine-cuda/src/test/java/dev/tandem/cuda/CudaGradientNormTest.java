package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.GradientNorm;
import dev.tandem.testkit.contract.GradientNormContract;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

final class CudaGradientNormTest extends GradientNormContract {
    @Override
    protected Backend open() {
        return ShimBackend.open();
    }

    @Override
    protected Backend open(int threads) {
        return ShimBackend.open(threads);
    }

    @Test
    void thereMayBeMoreGradientsThanThreadsOfABlock() {
        int count = 1100;

        float[] norm = norm(Collections.nCopies(count, 1f), 4);

        assertThat(norm[0]).isCloseTo((float) Math.sqrt(count * 4), Offset.offset(1e-5f));
        assertThat(norm[1]).isCloseTo(1 / (float) Math.sqrt(count * 4), Offset.offset(1e-8f));
    }

    @Test
    void noGradientHasNoNorm() {
        assertThat(norm(List.of(), 1)).containsExactly(0, 1);
    }

    /// Of as many gradients as scales, each of some ones, clipped to 1.
    private float[] norm(List<Float> scales, int elements) {
        try (Backend device = open();
                var region = device.region("ones")) {
            Tensor ones = region.floats("ones", Role.STATE, elements);
            Tensor norm = region.floats("norm", Role.ACTIVATION, 2);
            device.kernels().fill().constant(ones, 1);
            device.kernels()
                    .gradientNorm()
                    .forward(
                            norm,
                            scales.stream()
                                    .map(scale -> new GradientNorm.Gradient(ones, scale))
                                    .toList(),
                            1);
            return device.floats(norm);
        }
    }

    @Test
    void whatChangesBetweenCallsIsReadAnew() {
        try (Backend device = open();
                var region = device.region("changing")) {
            Tensor ones = region.floats("ones", Role.STATE, 9);
            Tensor twos = region.floats("twos", Role.STATE, 4);
            Tensor norm = region.floats("norm", Role.ACTIVATION, 2);
            device.kernels().fill().constant(ones, 1);
            device.kernels().fill().constant(twos, 2);
            var first = new GradientNorm.Gradient(ones, 1);
            var second = new GradientNorm.Gradient(twos, 1);
            var halved = new GradientNorm.Gradient(twos, 0.5f);
            var norms = new ArrayList<Float>();

            for (var gradients : List.of(
                    List.of(second),
                    List.of(first, second),
                    List.of(first),
                    List.of(second),
                    List.of(second, first),
                    List.of(halved, first))) {
                device.kernels().gradientNorm().forward(norm, gradients, 0);
                norms.add(device.floats(norm)[0]);
            }

            assertThat(norms).containsExactly(4f, 5f, 3f, 4f, 5f, (float) Math.sqrt(13));
        }
    }

    @Test
    void aBrokenGradientShowsInTheFactorToo() {
        try (Backend device = open();
                var region = device.region("broken")) {
            Tensor gradient = region.floats("gradient", Role.STATE, 9);
            Tensor norm = region.floats("norm", Role.ACTIVATION, 2);
            device.kernels().fill().constant(gradient, Float.NaN);

            device.kernels().gradientNorm().forward(norm, List.of(new GradientNorm.Gradient(gradient, 1)), 1);

            assertThat(device.floats(norm)).containsExactly(Float.NaN, Float.NaN);
        }
    }
}
