package dev.tandem.cpu;

/// The bytes of all tensors of a device.
///
/// If they fit the last-level cache they are likely there, and to ask for them costs more than it saves. Otherwise
/// weights come from memory, whichever of them a product takes: between two uses of one, all the others are used.
final class HeldMemory {
    /// What the last-level cache is taken to hold: others use it as well. 0 where the system does not tell.
    static final long CACHED = Processor.lastLevelCache() / 2;

    private long bytes;

    void add(long bytes) {
        this.bytes += bytes;
    }

    void remove(long bytes) {
        this.bytes -= bytes;
    }

    long bytes() {
        return bytes;
    }

    boolean cached() {
        return bytes <= CACHED;
    }
}
