package dev.tandem.engine;

/// A call into a device's driver or library failed.
public final class DeviceException extends EngineException {
    private static final long serialVersionUID = 1L;

    /// @param call the driver call that failed
    /// @param code what it returned
    /// @param kernel the kernel in whose course it was made
    /// @param words the driver's own words
    public DeviceException(String call, int code, String kernel, String words) {
        super("%s failed with code %d in %s: %s".formatted(call, code, kernel, words));
    }
}
