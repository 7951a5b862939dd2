package dev.tandem.cuda;

import dev.tandem.engine.Backend;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/// Opens the CUDA backend on the host shim, directly or through the driver of [ShimDriver].
///
/// Without a C++ compiler tests are skipped, or fail with `-Dtandem.required.shim=true`. The schedule
/// is that of `-Dtandem.shim.schedule`, else [Schedule#FORWARD].
final class ShimBackend {
    /// Nothing to spare, so that the guards stand right behind what was asked for, each tensor included.
    static final MemorySteps EXACTLY = new MemorySteps(1, 0);

    private static final boolean COMPILER = HostLibrary.compilerFound();

    private ShimBackend() {}

    static Backend open() {
        return open(chosen());
    }

    static Schedule chosen() {
        return Schedule.valueOf(System.getProperty("tandem.shim.schedule", "FORWARD"));
    }

    /// Contracts ask for several numbers of threads and demand the same bits for all. A GPU has no
    /// such number; the order of its threads is what must not matter.
    static Backend open(int threads) {
        return open(schedule(threads));
    }

    static Schedule schedule(int threads) {
        return switch (threads) {
            case 1 -> chosen();
            case 2 -> Schedule.REVERSED_GREEDY;
            default -> Schedule.RANDOM;
        };
    }

    static Backend open(Schedule schedule) {
        if (ShimDriver.isLoaded()) {
            return ShimDriver.open(schedule);
        }
        return Backend.of(new CudaDevice(shim(schedule), EXACTLY));
    }

    /// With large products by a library.
    static Backend open(Schedule schedule, MatmulSetup matmuls) {
        demandCompiler();
        return Backend.of(new CudaDevice(new HostShim(schedule, matmuls), EXACTLY));
    }

    static HostShim shim() {
        return shim(chosen());
    }

    static HostShim shim(Schedule schedule) {
        demandCompiler();
        return new HostShim(schedule);
    }

    /// Skips the test, or fails it, where there is no compiler.
    static void demandCompiler() {
        if (!COMPILER) {
            String reason = "the kernels cannot run on the processor: there is no C++ compiler g++; install it, or name"
                    + " another one by the environment variable CXX";
            if (Boolean.getBoolean("tandem.required.shim")) {
                Assertions.fail(reason);
            }
            Assumptions.abort(reason);
        }
    }
}
