package dev.tandem.cpu;

import dev.tandem.engine.Availability;
import dev.tandem.engine.BackendOptions;
import dev.tandem.engine.BackendProvider;
import dev.tandem.engine.BackendUnavailable;
import dev.tandem.engine.Device;

/// Offers the SIMD-CPU backend, `cpu-vector`: every kernel with the Vector API on all cores.
///
/// It needs the incubating module `jdk.incubator.vector`; on a class path, or where no module requires it, the JVM must
/// be started with `--add-modules jdk.incubator.vector`. Nothing of that module is touched before [#probe] has found
/// it.
public final class CpuVectorProvider implements BackendProvider {
    private static final String NAME = "cpu-vector";
    private static final String VECTOR_MODULE = "jdk.incubator.vector";
    private static final int PRIORITY = 10;

    /// Called by `java.util.ServiceLoader`.
    public CpuVectorProvider() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public int priority() {
        return PRIORITY;
    }

    @Override
    public Availability probe() {
        if (ModuleLayer.boot().findModule(VECTOR_MODULE).isEmpty()) {
            return new Availability.Unavailable("the module %s is not loaded: start java with --add-modules %s"
                    .formatted(VECTOR_MODULE, VECTOR_MODULE));
        }
        try {
            return new Availability.Available(CpuVectorOpening.describe());
        } catch (IllegalArgumentException e) {
            return new Availability.Unavailable(String.valueOf(e.getMessage()));
        }
    }

    @Override
    public Device open(BackendOptions options) {
        if (probe() instanceof Availability.Unavailable(String reason)) {
            throw new BackendUnavailable(NAME, reason);
        }
        return CpuVectorOpening.open(options);
    }
}
