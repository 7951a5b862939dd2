package dev.tandem.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Copies between segments of host memory.
final class HostBytes {
    private HostBytes() {}

    /// Copies bytes by layout. Without one, segments of a few bytes are copied by a loop of the JDK. In one test run
    /// of the CPU backend on JDK 25.0.3 small results had only their first eight bytes, as if that loop had been
    /// compiled wrongly.
    static void copy(MemorySegment from, long fromStart, MemorySegment to, long toStart, long bytes) {
        MemorySegment.copy(from, ValueLayout.JAVA_BYTE, fromStart, to, ValueLayout.JAVA_BYTE, toStart, bytes);
    }
}
