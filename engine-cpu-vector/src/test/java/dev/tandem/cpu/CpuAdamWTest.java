package dev.tandem.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tandem.engine.Backend;
import dev.tandem.engine.BackendOptions;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.AdamW;
import dev.tandem.testkit.contract.RequiredBackend;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// What becomes of moments whose gradient stays zero, as that of an expert without tokens; the update itself is
/// the contract's affair.
final class CpuAdamWTest {
    private static final int ELEMENTS = 37; // whole vectors and a tail

    // 0.9^n is subnormal after 830 updates and 0.98^n after 4330; rounding then holds both where they are.
    @Test
    void momentsWithoutAGradientEndInZeros() {
        try (Backend backend = RequiredBackend.open("cpu-vector", new BackendOptions(1));
                var region = backend.region("test")) {
            Tensor parameter = tensor(backend, region.floats("parameter", Role.STATE, ELEMENTS), 1);
            Tensor m = tensor(backend, region.floats("m", Role.STATE, ELEMENTS), -1e-3f);
            Tensor v = tensor(backend, region.floats("v", Role.STATE, ELEMENTS), 1e-6f);
            Tensor gradient = region.floats("gradient", Role.STATE, ELEMENTS);
            Tensor norm = tensor(backend, region.floats("norm", Role.ACTIVATION, 2), 1);
            for (int step = 1; step <= 5000; step++) {
                backend.kernels()
                        .adamW()
                        .update(
                                parameter,
                                Optional.empty(),
                                m,
                                v,
                                gradient,
                                norm,
                                AdamW.Moments.PAPER,
                                1e-3f,
                                0,
                                1,
                                step);
            }
            assertThat(backend.floats(m)).containsOnly(0);
            assertThat(backend.floats(v)).containsOnly(0);
        }
    }

    private static Tensor tensor(Backend backend, Tensor tensor, float value) {
        var values = new float[(int) tensor.shape().elements()];
        Arrays.fill(values, value);
        backend.upload(tensor, values);
        return tensor;
    }
}
