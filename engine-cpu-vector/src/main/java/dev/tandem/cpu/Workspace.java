package dev.tandem.cpu;

import java.lang.foreign.Arena;

/// Scratch memory of one worker: grown on demand, then kept.
///
/// A kernel asks once per task for all it needs and divides it itself; the content is undefined. It dies with the
/// task, unless the worker's next task of the same call asks for as much: see [PackedRows].
final class Workspace implements AutoCloseable {
    private static final long ALIGNMENT = 64;
    // A vector may be read or written past the last useful element.
    private static final long SLACK = 256;

    private final boolean hugePages;
    private Arena arena = Arena.ofShared();
    private long address;
    private long bytes;

    Workspace(boolean hugePages) {
        this.hugePages = hugePages;
    }

    /// Rounds up to the alignment of every part of a workspace.
    static long aligned(long bytes) {
        return (bytes + ALIGNMENT - 1) & -ALIGNMENT;
    }

    /// Address of at least `wanted` bytes, aligned to 64 bytes. Invalidates earlier addresses.
    long address(long wanted) {
        if (wanted > bytes) {
            grow(Math.max(wanted, bytes + bytes / 2));
        }
        return address;
    }

    long bytes() {
        return bytes;
    }

    private void grow(long wanted) {
        arena.close();
        bytes = 0;
        arena = Arena.ofShared();
        var segment = HugePages.allocate(arena, wanted + SLACK, hugePages);
        address = segment.address();
        bytes = wanted;
    }

    @Override
    public void close() {
        arena.close();
        bytes = 0;
    }
}
