package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.GeluForm;
import dev.tandem.testkit.contract.GeluContract;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class CudaGeluTest extends GeluContract {
    @Override
    protected Backend open() {
        return ShimBackend.open();
    }

    @Override
    protected Backend open(int threads) {
        return ShimBackend.open(threads);
    }

    @ParameterizedTest
    @EnumSource
    void brokenValuesStayBroken(GeluForm form) {
        try (Backend device = open();
                var region = device.region("broken")) {
            Tensor x = region.floats("x", Role.ACTIVATION, 3);
            Tensor y = region.floats("y", Role.ACTIVATION, 3);
            device.kernels().fill().constant(x, Float.NaN);
            device.kernels().fill().constant(y, 1);

            device.kernels().gelu().backward(y, y, x, form);
            device.kernels().gelu().forward(x, x, form);

            assertThat(device.floats(y)).containsOnly(Float.NaN);
            assertThat(device.floats(x)).containsOnly(Float.NaN);
        }
    }
}
