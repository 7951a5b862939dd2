package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Every reason why there is no usable GPU, from drivers made for the purpose.
final class DriverProbeTest {
    @BeforeAll
    static void demandCompiler() {
        ShimBackend.demandCompiler();
    }

    @Test
    void aGpuIsDescribed() throws DriverProbe.NoGpu {
        DriverProbe.Gpu gpu =
                DriverProbe.find(DriverStub.answering(13_000, 0, 1, 8).toString(), 0);

        assertThat(gpu).isEqualTo(new DriverProbe.Gpu("Model T", new Architecture(8, 5)));
    }

    @Test
    void anAbsentDriverIsToBeInstalled() {
        refuses("libabsent.so.1", 0, "not installed (libabsent.so.1 was not found): install version 580");
    }

    @Test
    void aLibraryWithoutFunctionsIsNoDriver() {
        refuses(DriverStub.empty().toString(), 0, "is not a driver (it has no cuDriverGetVersion)");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "12040 |   0 | 1 | 9 | 0 | made for CUDA 12.4: install version 580",
                "13000 | 100 | 0 | 9 | 0 | finds no GPU",
                "13000 |   0 | 0 | 9 | 0 | finds no GPU",
                "13000 | 803 | 1 | 9 | 0 | refuses cuInit with code 803",
                "13000 |   0 | 2 | 9 | 2 | there is no GPU 2, only 0 to 1",
                "13000 |   0 | 1 | 7 | 0 | Model T, has compute capability 7.5: the kernels need 8.0",
            })
    void aDriverThatWillNotDoSaysWhy(int version, int initialized, int devices, int major, int device, String words) {
        refuses(DriverStub.answering(version, initialized, devices, major).toString(), device, words);
    }

    private static void refuses(String library, int device, String words) {
        assertThatThrownBy(() -> DriverProbe.find(library, device))
                .isInstanceOf(DriverProbe.NoGpu.class)
                .hasMessageContaining(words);
    }
}
