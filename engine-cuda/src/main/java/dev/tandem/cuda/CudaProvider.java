package dev.tandem.cuda;

import dev.tandem.engine.Availability;
import dev.tandem.engine.BackendOptions;
import dev.tandem.engine.BackendProvider;
import dev.tandem.engine.BackendUnavailable;
import dev.tandem.engine.Device;
import dev.tandem.engine.EngineException;
import java.util.Map;
import java.util.Optional;

/// Offers the CUDA backend, `cuda`, on Linux for x86-64: NVIDIA GPUs of compute capability 8.0 and
/// newer, with driver 580 or newer.
///
/// [#probe] asks the driver first, then loads JavaCPP's bindings, then looks for compiled kernels or
/// a compiler.
public final class CudaProvider implements BackendProvider {
    private static final int PRIORITY = 200;

    /// For the service loader.
    public CudaProvider() {}

    @Override
    public String name() {
        return CudaDevice.NAME;
    }

    @Override
    public int priority() {
        return PRIORITY;
    }

    @Override
    public Availability probe() {
        try {
            DriverProbe.Gpu gpu = usableGpu(Settings.read());
            return new Availability.Available("%s, compute capability %s".formatted(gpu.name(), gpu.architecture()));
        } catch (DriverProbe.NoGpu | IllegalArgumentException e) {
            return new Availability.Unavailable(String.valueOf(e.getMessage()));
        }
    }

    @Override
    public Map<String, String> requirements() {
        try {
            Settings settings = Settings.read();
            CudaLibraries libraries = CudaLibraries.of(settings, System.getenv());
            return new CudaRequirements(libraries, () -> cublasFailure(settings)).found();
        } catch (IllegalArgumentException e) {
            return Map.of("settings", String.valueOf(e.getMessage()));
        }
    }

    /// Why cuBLAS cannot be used though its libraries are there. Its bindings are loaded only where there is a GPU:
    /// elsewhere they lack a driver, and nobody needs them.
    private static Optional<String> cublasFailure(Settings settings) {
        Optional<String> absent = Bindings.absent("jnicublas");
        if (absent.isPresent()) {
            return absent;
        }
        try {
            DriverProbe.find(settings.device());
            return Bindings.loaded().failure().or(CublasLt::failure);
        } catch (DriverProbe.NoGpu e) {
            return Optional.empty();
        } catch (LinkageError e) {
            return Optional.of("the bindings of cuBLAS do not load: " + e);
        }
    }

    @Override
    public Device open(BackendOptions options) {
        Settings settings = Settings.read();
        DriverProbe.Gpu gpu;
        try {
            gpu = usableGpu(settings);
        } catch (DriverProbe.NoGpu e) {
            throw unavailable(String.valueOf(e.getMessage()), e);
        }
        try {
            return CudaDriver.open(settings, gpu);
        } catch (EngineException e) { // another process may have taken the GPU or its memory
            throw unavailable("%s does not open: %s".formatted(gpu.name(), e.getMessage()), e);
        }
    }

    private static BackendUnavailable unavailable(String reason, Exception cause) {
        var unavailable = new BackendUnavailable(CudaDevice.NAME, reason);
        unavailable.initCause(cause);
        return unavailable;
    }

    private static DriverProbe.Gpu usableGpu(Settings settings) throws DriverProbe.NoGpu {
        String system = System.getProperty("os.name");
        String processor = System.getProperty("os.arch");
        if (!system.equals("Linux") || !processor.equals("amd64")) {
            throw new DriverProbe.NoGpu("it exists for Linux on x86-64 only, and this is %s on %s; use cpu-vector"
                    .formatted(system, processor));
        }
        DriverProbe.Gpu gpu = DriverProbe.find(settings.device());
        if (Bindings.loaded().failure().isPresent()) {
            throw new DriverProbe.NoGpu(Bindings.loaded().failure().get());
        }
        var modules = new CudaModules(gpu.architecture(), Nvrtc.find(), settings.cache());
        if (!modules.canSupply()) {
            throw new DriverProbe.NoGpu(("no kernels are built in for compute capability %s, and there is no NVRTC to"
                            + " compile them: install libnvrtc.so.13 or name its folder by -Dtandem.cuda.libraries")
                    .formatted(gpu.architecture()));
        }
        return gpu;
    }
}
