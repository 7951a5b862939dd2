package dev.tandem.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// Off-heap memory on huge pages where Linux gives them: fewer TLB misses on weights.
///
/// `Arena.allocate` writes zeros, so its pages exist before advice could be given. Large blocks are
/// mapped instead: zeroed by the kernel at first touch, after the advice.
final class HugePages {
    private static final long PAGE = 2L << 20;
    private static final long CACHE_LINE = 64;
    // Linux, the same numbers on x86-64 and AArch64.
    private static final int READ_WRITE = 1 | 2;
    private static final int PRIVATE_ANONYMOUS = 0x02 | 0x20;
    private static final int MADV_HUGEPAGE = 14;
    private static final int MADV_NOHUGEPAGE = 15;

    private static final boolean LINUX = System.getProperty("os.name", "").startsWith("Linux");

    private HugePages() {}

    /// Zeroed memory aligned at least to a cache line, freed with the arena.
    static MemorySegment allocate(Arena arena, long bytes, boolean wanted) {
        if (!wanted || bytes < PAGE || !LINUX) {
            return arena.allocate(bytes, CACHE_LINE);
        }
        long length = (bytes + 2 * PAGE - 1) / PAGE * PAGE;
        long base = Calls.map(length);
        if (base == -1) {
            throw new OutOfMemoryError("the system refused to map %d bytes of off-heap memory".formatted(length));
        }
        long first = (base + PAGE - 1) & -PAGE;
        // Only whole ones: of another the kernel would give all, however little is used.
        long whole = bytes / PAGE * PAGE;
        Calls.advise(first, whole, MADV_HUGEPAGE);
        Calls.advise(first + whole, base + length - first - whole, MADV_NOHUGEPAGE);
        return MemorySegment.ofAddress(first).reinterpret(bytes, arena, _ -> Calls.unmap(base, length));
    }

    /// The three system calls; a class of its own, so that other systems never look them up.
    private static final class Calls {
        private static final MethodHandle MMAP = handle(
                "mmap",
                FunctionDescriptor.of(
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_LONG));
        private static final MethodHandle MUNMAP = handle(
                "munmap", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
        private static final MethodHandle MADVISE = handle(
                "madvise",
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));

        private static MethodHandle handle(String name, FunctionDescriptor type) {
            Linker linker = Linker.nativeLinker();
            return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type);
        }

        static long map(long length) {
            try {
                return (long) MMAP.invokeExact(0L, length, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0L);
            } catch (Throwable e) {
                throw unexpected(e);
            }
        }

        static void unmap(long address, long length) {
            try {
                int result = (int) MUNMAP.invokeExact(address, length);
                assert result == 0;
            } catch (Throwable e) {
                throw unexpected(e);
            }
        }

        static void advise(long address, long length, int advice) {
            try {
                // Only advice: a kernel without huge pages says no, and ordinary pages serve as well.
                int ignored = (int) MADVISE.invokeExact(address, length, advice);
            } catch (Throwable e) {
                throw unexpected(e);
            }
        }

        private static IllegalStateException unexpected(Throwable e) {
            return new IllegalStateException("a memory call of the C library failed", e);
        }
    }
}
