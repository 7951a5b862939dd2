package dev.tandem.cpu;

/// The bytes of all tensors of a device.
///
/// If they fit the last-level cache they are likely there, and to ask for them costs more than it saves. Otherwise
/// weights come from memory, whichever of them a product takes: between two uses of one, all the others are used.
final class HeldMemory {
    // Others use the cache as well.
    private static final long CACHED = Processor.lastLevelCache() / 2;

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
        return cached(bytes);
    }

    /// Whether so many bytes that are used again and again are likely in the last-level cache.
    static boolean cached(long bytes) {
        return bytes <= CACHED;
    }
}
