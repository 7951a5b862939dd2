package dev.tandem.cpu;

import dev.tandem.engine.BackendOptions;
import dev.tandem.engine.Device;

/// What the provider does once the Vector API is known to be there; a class of its own, so that the provider
/// can be loaded without it.
final class CpuVectorOpening {
    private CpuVectorOpening() {}

    static String describe() {
        Settings settings = Settings.read();
        return "%s, %d-bit vectors, %d threads".formatted(Processor.name(), settings.vectorBits(), settings.threads());
    }

    static Device open(BackendOptions options) {
        Settings settings = Settings.read();
        return new CpuDevice(settings, options.threads() > 0 ? options.threads() : settings.threads());
    }
}
