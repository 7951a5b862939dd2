package dev.tandem.cpu;

/// Where the panels of a product go, and what is done to a panel while it is still in cache.
///
/// Each worker has one and sets it per task. Addresses of 0 stand for operands that are absent.
abstract class Output {
    private static final int ROWS = 8;

    /// Whether the tiles may write to [#y] themselves; otherwise each panel is summed up in scratch.
    abstract boolean direct();

    /// The first column of the first row.
    abstract long y();

    /// Bytes from one row to the next.
    abstract long stride();

    /// Whether a product written to y needs no finish.
    abstract boolean plain();

    /// Finishes columns `first ... first + columns - 1`.
    ///
    /// @param source their products, readable up to whole vectors, and writable where not [#direct]
    void finish(int rows, int first, int columns, long source, long sourceStride) {
        // Few rows at a time: where strides are multiples of 4 KiB, more would evict each other from the cache.
        for (int r = 0; r < rows; r += ROWS) {
            for (int j = 0; j < columns; j += Lanes.LENGTH) {
                block(
                        r,
                        Math.min(ROWS, rows - r),
                        Math.min(Lanes.LENGTH, columns - j),
                        (first + j) * (long) Float.BYTES,
                        source + r * sourceStride + j * (long) Float.BYTES,
                        sourceStride);
            }
        }
    }

    /// Finishes one vector of columns of some rows.
    ///
    /// @param at bytes from the first column
    abstract void block(int firstRow, int rows, int lanes, long at, long source, long sourceStride);
}
