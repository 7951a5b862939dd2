package dev.tandem.engine;

/// A tensor does not fit into the device's memory. Nothing was allocated.
public final class OutOfDeviceMemory extends EngineException {
    private static final long serialVersionUID = 1L;
    private final long requested;
    private final long free;

    /// @param requested bytes asked for
    /// @param free bytes the device had left
    /// @param tensor what they were for
    public OutOfDeviceMemory(long requested, long free, String tensor) {
        super(("tensor '%s' needs %,d bytes, but only %,d are free: use smaller sizes, close other regions,"
                        + " or give the process more memory")
                .formatted(tensor, requested, free));
        this.requested = requested;
        this.free = free;
    }

    /// Bytes asked for.
    public long requested() {
        return requested;
    }

    /// Bytes the device had left.
    public long free() {
        return free;
    }
}
