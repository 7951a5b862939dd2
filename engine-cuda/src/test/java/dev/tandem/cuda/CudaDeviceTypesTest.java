package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Region;
import dev.tandem.engine.Role;
import org.junit.jupiter.api.Test;

final class CudaDeviceTypesTest {
    private static final MemorySteps SHARING = new MemorySteps(1, 1 << 16);

    @Test
    void quantizedWeightsAreRefused() {
        try (Backend backend = Backend.of(new CudaDevice(ShimBackend.shim(), SHARING));
                Region region = backend.region("model")) {
            assertThat(backend.offers(ElementType.Q8)).isFalse();
            assertThatExceptionOfType(IllegalArgumentException.class)
                    .isThrownBy(() -> region.allocate("projection", Role.WEIGHT, ElementType.Q8, 16, 8))
                    .withMessageContaining("does not multiply by weights in Q8");
        }
    }
}
