package dev.tandem.cpu;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/// Asks for memory before it is needed, without waiting for it.
///
/// Java has no instruction for that, and a load in its place holds the processor up as soon as the
/// instructions behind it fill its window, while memory takes four times as long. So this is a function of
/// five instructions in a page of its own, called without any transition of the thread. It can neither fail
/// nor change anything. On Linux and x86-64, where the system lets a page become code.
final class Prefetch {
    /// Whether there is such a function; otherwise [#lines] does nothing.
    static final boolean AVAILABLE;

    private static final byte TO_FIRST_LEVEL = 0x0f; // prefetcht0 [rdi]
    private static final byte TO_SECOND_LEVEL = 0x17; // prefetcht1 [rdi]
    // Where a panel that shall stay in the first-level cache fills it, what is asked for would push it out while tiles
    // read it.
    private static final boolean PANELS_FIT =
            Reduction.DEPTH_IN_CACHE * GemmTile.ROW_BYTES < Processor.firstLevelCache();

    // Not unrolled: measured, with four requests a turn cold weights come as late as without any.
    private static final byte[] CODE = {
        0x0f,
        0x18,
        PANELS_FIT ? TO_FIRST_LEVEL : TO_SECOND_LEVEL, // next:
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
    private static final long PAGE = 4096;
    private static final @Nullable MethodHandle FUNCTION;

    static {
        boolean wanted = Settings.read().prefetch() && Processor.LINUX && Processor.X86_64;
        FUNCTION = wanted ? function() : null;
        AVAILABLE = FUNCTION != null;
    }

    private Prefetch() {}

    private static @Nullable MethodHandle function() {
        long page = SystemCalls.map(PAGE);
        if (page == -1) {
            return null;
        }
        MemorySegment code = MemorySegment.ofAddress(page);
        code.reinterpret(PAGE).copyFrom(MemorySegment.ofArray(CODE));
        if (!SystemCalls.makeExecutable(page, PAGE)) {
            SystemCalls.unmap(page, PAGE);
            return null;
        }
        var type = FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG);
        return Linker.nativeLinker().downcallHandle(code, type, Linker.Option.critical(false));
    }

    /// Asks for the lines of some bytes; addresses that are not mapped do no harm.
    static void lines(long first, long bytes) {
        MethodHandle function = FUNCTION;
        if (function == null || bytes <= 0) {
            return;
        }
        try {
            function.invokeExact(first, first + bytes);
        } catch (Throwable e) {
            throw new IllegalStateException("a function that cannot fail has failed", e);
        }
    }
}
