package dev.tandem.cuda;

import dev.tandem.engine.Availability;
import dev.tandem.engine.BackendOptions;
import dev.tandem.engine.BackendProvider;
import dev.tandem.engine.BackendUnavailable;
import dev.tandem.engine.Device;

/// The CUDA backend as others find it.
public final class CudaProvider implements BackendProvider {
    private static final String NAME = "cuda";
    private static final String REASON = "this version of Tandem holds no CUDA kernels, whatever GPU the machine has; "
            + "use the backend cpu-vector";

    /// For the service loader.
    public CudaProvider() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public int priority() {
        return 200;
    }

    @Override
    public Availability probe() {
        return new Availability.Unavailable(REASON);
    }

    @Override
    public Device open(BackendOptions options) {
        throw new BackendUnavailable(NAME, REASON);
    }
}
