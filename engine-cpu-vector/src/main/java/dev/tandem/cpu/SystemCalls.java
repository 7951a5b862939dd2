package dev.tandem.cpu;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// Calls of Linux that manage memory; other systems must not load this class, which looks them up.
final class SystemCalls {
    // The same numbers on x86-64 and AArch64.
    private static final int READ_WRITE = 1 | 2;
    private static final int READ_EXECUTE = 1 | 4;
    private static final int PRIVATE_ANONYMOUS = 0x02 | 0x20;

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
    private static final MethodHandle MUNMAP =
            handle("munmap", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
    private static final MethodHandle MADVISE = handle("madvise", rangeAndNumber());
    private static final MethodHandle MPROTECT = handle("mprotect", rangeAndNumber());

    private SystemCalls() {}

    private static FunctionDescriptor rangeAndNumber() {
        return FunctionDescriptor.of(
                ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT);
    }

    private static MethodHandle handle(String name, FunctionDescriptor type) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type);
    }

    /// Address of new zeroed pages, -1 if there are none.
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

    /// Only advice: a kernel that cannot follow it says no, and the memory serves as well.
    static void advise(long address, long length, int advice) {
        try {
            int ignored = (int) MADVISE.invokeExact(address, length, advice);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /// Makes pages read-only code.
    ///
    /// @return whether the system allows that
    static boolean makeExecutable(long address, long length) {
        try {
            return (int) MPROTECT.invokeExact(address, length, READ_EXECUTE) == 0;
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    private static IllegalStateException unexpected(Throwable e) {
        return new IllegalStateException("a memory call of the C library failed", e);
    }
}
