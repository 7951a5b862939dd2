package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The whole way to a GPU and back, with NVIDIA's driver replaced by one that runs kernels on the host shim: probe,
/// JavaCPP's bindings, images, arguments, staging, failures.
final class CudaDriverTest {
    @BeforeAll
    static void demandCompiler() {
        ShimBackend.demandCompiler();
        assumeFalse(HostLibrary.SANITIZED, "the process of the driver is not started under the sanitizers");
    }

    @Test
    void kernelsComputeThroughTheBindingsAsOnTheShim() {
        String output = ShimDriver.run(
                List.of(),
                List.of(
                        "CudaAddTest",
                        "CudaFillTest",
                        "CudaLinearTest",
                        "CudaGateTest",
                        "CudaDispatchTest",
                        "CudaTrainingTest"));

        assertThat(output).contains(" 0 failed, 0 skipped").endsWith("exit status 0");
    }

    @Test
    void tokensAreGraphsOfTheDriver() {
        assertThat(ShimDriver.run(List.of(), List.of("DriverSessions")))
                .contains("6 passed, 0 failed, 0 skipped")
                .endsWith("exit status 0");
    }

    @Test
    void failuresOfTheDriverAreToldInItsWordsAndEndNothing() {
        assertThat(ShimDriver.run(List.of(), List.of("DriverFailures")))
                .contains(" 0 failed, 0 skipped")
                .endsWith("exit status 0");
    }

    @Test
    void whileDebuggingTheKernelThatFailedIsNamed() {
        assertThat(ShimDriver.run(List.of("-Dtandem.cuda.debug=true"), List.of("DriverFailuresInDebugMode")))
                .contains("1 passed, 0 failed, 0 skipped")
                .endsWith("exit status 0");
    }
}
