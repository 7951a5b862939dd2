package dev.tandem.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Off-heap memory on huge pages where Linux gives them: fewer TLB misses on weights.
///
/// `Arena.allocate` writes zeros, so its pages exist before advice could be given. Large blocks are
/// mapped instead: zeroed by the kernel at first touch, after the advice.
final class HugePages {
    private static final long PAGE = 2L << 20;
    private static final long CACHE_LINE = 64;
    // the same numbers on x86-64 and AArch64
    private static final int MADV_HUGEPAGE = 14;
    private static final int MADV_NOHUGEPAGE = 15;

    private HugePages() {}

    /// Zeroed memory aligned at least to a cache line, freed with the arena.
    static MemorySegment allocate(Arena arena, long bytes, boolean wanted) {
        if (!wanted || bytes < PAGE || !Processor.LINUX) {
            return arena.allocate(bytes, CACHE_LINE);
        }
        long length = (bytes + 2 * PAGE - 1) / PAGE * PAGE;
        long base = SystemCalls.map(length);
        if (base == -1) {
            throw new OutOfMemoryError("the system refused to map %d bytes of off-heap memory".formatted(length));
        }
        long first = (base + PAGE - 1) & -PAGE;
        // Only whole ones: of another the kernel would give all, however little is used.
        long whole = bytes / PAGE * PAGE;
        SystemCalls.advise(first, whole, MADV_HUGEPAGE);
        SystemCalls.advise(first + whole, base + length - first - whole, MADV_NOHUGEPAGE);
        return MemorySegment.ofAddress(first).reinterpret(bytes, arena, _ -> SystemCalls.unmap(base, length));
    }
}
