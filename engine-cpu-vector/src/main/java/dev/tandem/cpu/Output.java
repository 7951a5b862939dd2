package dev.tandem.cpu;

/// Where the panels of a product go, and what is done to a panel while it is still in cache.
///
/// Each worker has one and sets it per task. Addresses of 0 stand for operands that are absent.
abstract class Output {
    final ReadAhead ahead;

    Output(HeldMemory held) {
        ahead = new ReadAhead(held, ReadAhead.WEIGHTS);
    }

    /// Whether the tiles may write to [#y] themselves; otherwise each panel is summed up in scratch.
    abstract boolean direct();

    /// The first column of the first row.
    abstract long y();

    /// Bytes from one row to the next.
    abstract long stride();

    /// Whether a product written to y needs no finish.
    abstract boolean plain();

    /// Adds to [#ahead] what [#finish] of a panel that begins at a column will need from memory.
    void aboutToFinish(int rows, int column) {}

    /// Asks for the memory that [#finish] of some rows of a whole panel will write.
    void askForTarget(int firstRow, int rows, int column) {}

    /// Finishes some rows from `firstRow` on, of columns `first ... first + columns - 1`.
    ///
    /// @param rows a tile's, or all rows of the block
    /// @param source their products, readable up to whole vectors, and writable where not [#direct]
    abstract void finish(int firstRow, int rows, int first, int columns, long source, long sourceStride);
}
