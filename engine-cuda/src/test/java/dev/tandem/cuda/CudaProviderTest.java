package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tandem.engine.Availability;
import dev.tandem.engine.BackendOptions;
import dev.tandem.engine.BackendProvider;
import dev.tandem.engine.BackendUnavailable;
import dev.tandem.engine.Backends;
import org.junit.jupiter.api.Test;

final class CudaProviderTest {
    private static BackendProvider found() {
        return Backends.providers().stream()
                .filter(provider -> provider.name().equals("cuda"))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void isFoundAsAServiceAndSaysWhyItIsUnavailable() {
        assertThat(found().probe())
                .isInstanceOfSatisfying(
                        Availability.Unavailable.class,
                        unavailable -> assertThat(unavailable.reason()).contains("no CUDA kernels", "cpu-vector"));
    }

    @Test
    void refusesToOpenInTheSameWords() {
        var unavailable = (Availability.Unavailable) found().probe();

        assertThatThrownBy(() -> Backends.open("cuda", BackendOptions.DEFAULT))
                .isInstanceOf(BackendUnavailable.class)
                .hasMessageContaining(unavailable.reason());
    }
}
