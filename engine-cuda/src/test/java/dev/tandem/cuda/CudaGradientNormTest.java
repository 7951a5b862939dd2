package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.GradientNorm;
import dev.tandem.testkit.contract.GradientNormContract;
import dev.tandem.testkit.contract.Tolerance;
import dev.tandem.testkit.contract.Trial;
import dev.tandem.testkit.contract.Workbench;
import java.util.ArrayList;
import java.util.List;
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

    @Override
    protected List<Trial> trials() {
        List<Trial> trials = new ArrayList<>(super.trials());
        trials.add(Trial.of("more gradients than threads", on -> repeated(on, 1100)));
        trials.add(Trial.of("no gradient", on -> repeated(on, 0)));
        return trials;
    }

    private static void repeated(Workbench on, int count) {
        Tensor gradient = on.input("gradient", Role.STATE, 1, 5);
        Tensor norm = on.result("norm", Tolerance.roundings(4), 2);
        List<GradientNorm.Gradient> gradients = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            gradients.add(new GradientNorm.Gradient(gradient, 1 + i * 0x1p-9f));
        }
        on.kernels().gradientNorm().forward(norm, gradients, 1);
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
