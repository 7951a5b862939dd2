package dev.tandem.cpu;

import java.util.Arrays;

/// The block of rows that each worker packed last in a kernel's call: its next task over the same block, for other
/// columns, finds them in its workspace. For that all tasks over a block must ask for equally many bytes, so that the
/// workspace stays where it is, and put packed rows in the same place.
final class PackedRows {
    private static final int NONE = -1;

    private final int[] blocks;

    PackedRows(Workers workers) {
        blocks = new int[workers.threads()];
        forget();
    }

    /// Begins another call.
    void forget() {
        Arrays.fill(blocks, NONE);
    }

    /// Whether a worker has packed a block already; if not, it is about to.
    boolean turnTo(int worker, int block) {
        boolean packed = blocks[worker] == block;
        blocks[worker] = block;
        return packed;
    }
}
