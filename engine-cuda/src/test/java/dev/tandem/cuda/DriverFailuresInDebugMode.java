package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tandem.engine.Backend;
import dev.tandem.engine.DeviceException;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import org.junit.jupiter.api.Test;

/// A kernel that fails with `-Dtandem.cuda.debug=true`; run by [CudaDriverTest].
final class DriverFailuresInDebugMode {
    @Test
    void theKernelThatFailedIsNamedAlone() {
        Backend backend = ShimDriver.open(Schedule.FORWARD);
        Tensor x = backend.region("region").floats("x", Role.ACTIVATION, 64);
        backend.kernels().fill().constant(x, 1);
        ShimDriver.set("add_forward", 719);

        assertThatThrownBy(() -> backend.kernels().add().forward(x, x, x))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining(" in add_forward: ");
        backend.close();
    }
}
