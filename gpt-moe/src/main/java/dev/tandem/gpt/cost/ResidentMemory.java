package dev.tandem.gpt.cost;

/// Host memory of a process that computes on the CPU, as the system counts it at its peak: the
/// tensors of a plan, and Java itself.
///
/// Tensors on a GPU are not in host memory, and Java is not in the GPU's: whether a model fits a
/// device is asked of [MemoryPlan].
///
/// @param tensors of the use of one model
public record ResidentMemory(MemoryPlan tensors) {
    /// Bytes of Java itself.
    ///
    /// | what                                                        | MiB, about |
    /// |-------------------------------------------------------------|-----------:|
    /// | young generation of the heap, `-Xmn32m`                     |         32 |
    /// | the virtual machine, its shared classes, system libraries   |         36 |
    /// | arenas of C2 for the largest matrix-product tiles           |         45 |
    /// | compiled code, classes, symbols, what the allocator retains |         25 |
    /// | scratch of two workers                                      |       2..4 |
    ///
    /// The peak of a process beside the tensors was 125 to 153 MiB, and once 181: three models from 105 MiB
    /// to 2.7 GiB, trained and evaluated, JDK 25, as `./tandem` starts it on two processors, with two threads
    /// of C2; with one 117 to 142. `./tandem bench --suite startup` measures it again. With more processors
    /// Java runs more of them at once: 147 to 171 MiB on eight, 160 to 176 on 32. Data in the heap come on top.
    public static final long JAVA = 140L << 20;

    /// Bytes of both.
    public long bytes() {
        return Math.addExact(tensors.bytes(), JAVA);
    }

    /// One line per part of the plan, one for Java and one for the sum, in binary units.
    @Override
    public String toString() {
        return "%s%s%n%s".formatted(tensors.lines(), MemoryPlan.line("Java", JAVA), MemoryPlan.line("total", bytes()));
    }
}
