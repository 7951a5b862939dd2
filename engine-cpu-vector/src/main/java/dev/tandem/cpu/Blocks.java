package dev.tandem.cpu;

/// How element-wise work is cut: into blocks whose size depends on nothing, so that neither results nor
/// partial sums depend on the number of threads.
final class Blocks {
    /// Elements of a block: 64 KiB, a few of them fit the second-level cache.
    static final int SIZE = 1 << 14;

    private Blocks() {}

    /// Blocks that cover some elements.
    static int count(long elements) {
        return Math.toIntExact(Math.ceilDiv(elements, SIZE));
    }

    /// Elements of one block.
    static int length(int block, long elements) {
        return (int) Math.min(SIZE, elements - (long) block * SIZE);
    }

    /// Bytes from the first element to the first of a block.
    static long offset(int block) {
        return (long) block * SIZE * Float.BYTES;
    }

    /// Rows of a block if rows are not divided.
    static int rows(int columns) {
        return Math.max(1, SIZE / columns);
    }
}
