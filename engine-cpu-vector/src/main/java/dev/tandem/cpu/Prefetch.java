package dev.tandem.cpu;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/// Asks for memory before it is needed, without waiting for it.
///
/// Java has no instruction for that, and a load in its place holds the processor up as soon as the
/// instructions behind it fill its window, while memory takes four times as long. So these are functions of
/// a few instructions in a page of their own, called without any transition of the thread. They can neither fail
/// nor change anything. On Linux and x86-64, where the system lets a page become code.
final class Prefetch {
    /// Whether there are such functions; otherwise they do nothing.
    static final boolean AVAILABLE;

    private static final byte TO_FIRST_LEVEL = 0x0f; // prefetcht0 [rdi]
    private static final byte TO_SECOND_LEVEL = 0x17; // prefetcht1 [rdi]
    // Not unrolled: measured, with four requests a turn cold weights come as late as without any.
    private static final byte[] LINES_CODE = {
        0x0f,
        0x18,
        // Where panels fill the first-level cache, what is asked for would push them out while tiles read them.
        Reduction.PANELS_LEAVE_ROOM ? TO_FIRST_LEVEL : TO_SECOND_LEVEL, // next:
        0x48,
        (byte) 0x83,
        (byte) 0xc7,
        0x40, // add rdi, 64
        0x48,
        0x39,
        (byte) 0xf7, // cmp rdi, rsi
        0x72,
        (byte) 0xf4, // jb next
        (byte) 0xc3 // ret
    };
    private static final byte[] ROWS_CODE = {
        0x0f,
        0x0d,
        0x0f, // next: prefetchw [rdi]
        0x0f,
        0x0d,
        0x4f,
        (byte) (GemmTile.ROW_BYTES - 1), // prefetchw [rdi + ROW_BYTES - 1]
        0x48,
        0x01,
        (byte) 0xf7, // add rdi, rsi
        0x48,
        (byte) 0xff,
        (byte) 0xca, // dec rdx
        0x75,
        (byte) 0xf1, // jnz next
        (byte) 0xc3 // ret
    };
    private static final long PAGE = 4096;
    private static final long ROWS_AT = 64; // in the page
    private static final @Nullable MethodHandle LINES;
    private static final @Nullable MethodHandle ROWS;

    static {
        boolean wanted = Settings.read().prefetch() && Processor.LINUX && Processor.X86_64;
        long page = wanted ? page() : 0;
        AVAILABLE = page != 0;
        LINES = AVAILABLE ? function(page, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG) : null;
        ROWS = AVAILABLE
                ? function(page + ROWS_AT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG)
                : null;
    }

    private Prefetch() {}

    /// The page of all functions, or 0.
    private static long page() {
        long page = SystemCalls.map(PAGE);
        if (page == -1) {
            return 0;
        }
        MemorySegment code = MemorySegment.ofAddress(page).reinterpret(PAGE);
        code.copyFrom(MemorySegment.ofArray(LINES_CODE));
        code.asSlice(ROWS_AT).copyFrom(MemorySegment.ofArray(ROWS_CODE));
        if (!SystemCalls.makeExecutable(page, PAGE)) {
            SystemCalls.unmap(page, PAGE);
            return 0;
        }
        return page;
    }

    private static MethodHandle function(long address, MemoryLayout... arguments) {
        return Linker.nativeLinker()
                .downcallHandle(
                        MemorySegment.ofAddress(address),
                        FunctionDescriptor.ofVoid(arguments),
                        Linker.Option.critical(false));
    }

    /// Asks for the lines of some bytes, to read them; addresses that are not mapped do no harm.
    static void lines(long first, long bytes) {
        MethodHandle function = LINES;
        if (function == null || bytes <= 0) {
            return;
        }
        try {
            function.invokeExact(first, first + bytes);
        } catch (Throwable e) {
            throw new IllegalStateException("a function that cannot fail has failed", e);
        }
    }

    /// Asks for the first and the last line of a panel's width in each of some rows, to write there.
    static void rows(long first, long stride, long rows) {
        MethodHandle function = ROWS;
        if (function == null || rows <= 0) {
            return;
        }
        try {
            function.invokeExact(first, stride, rows);
        } catch (Throwable e) {
            throw new IllegalStateException("a function that cannot fail has failed", e);
        }
    }
}
