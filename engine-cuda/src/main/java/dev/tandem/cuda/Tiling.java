package dev.tandem.cuda;

/// How a product is cut into tiles, and what is summed over into ranges. Follows from the shape alone,
/// so that bits do not depend on the GPU.
///
/// @param large whether tiles are 128 × 128 and not 64 × 64
/// @param tiles of a matrix; with experts, the most that all can have
/// @param ranges of what is summed over
/// @param range length of a range
record Tiling(boolean large, int tiles, int ranges, int range) {
    private static final int LARGE = 128;
    private static final int LARGE_THREADS = 256;
    private static final int SMALL = 64;
    private static final int SMALL_THREADS = 128;

    /// Extents from which a large tile is used well enough.
    private static final int LEAST_LARGE = 96;

    /// Blocks with which large tiles occupy a GPU well enough.
    private static final int LEAST_LARGE_BLOCKS = 96;

    /// Two blocks for every multiprocessor of a large GPU.
    private static final int ENOUGH_BLOCKS = 256;

    private static final int LEAST_RANGE = 128;
    private static final int SLICE = 16;

    /// For matrices whose extents are known.
    ///
    /// @param cut whether ranges may be summed apart
    static Tiling of(int rows, int columns, int depth, int matrices, boolean cut) {
        Tiling large = sized(true, rows, columns, depth, matrices, cut);
        boolean fits = Math.min(rows, columns) >= LEAST_LARGE;
        boolean fills = (long) large.tiles * large.ranges * matrices >= LEAST_LARGE_BLOCKS;
        return fits && fills ? large : sized(false, rows, columns, depth, matrices, cut);
    }

    /// For the rows of experts, of which only the sum is known.
    static Tiling ragged(ProductRows rows, int columns, int depth) {
        boolean large = isLarge(rows);
        return new Tiling(large, tiles(rowTiles(rows), Math.ceilDiv(columns, size(large))), 1, depth);
    }

    /// Whether the rows of experts are cut into large tiles, whatever the columns.
    static boolean isLarge(ProductRows rows) {
        return rows.N() >= (long) LEAST_LARGE * rows.E();
    }

    /// The most row tiles that the rows of experts can have: each expert may leave one unfilled.
    static long rowTiles(ProductRows rows) {
        return rows.N() / size(isLarge(rows)) + (long) rows.E();
    }

    /// Rows and columns of a tile.
    static int size(boolean large) {
        return large ? LARGE : SMALL;
    }

    /// A block for every tile, range and matrix.
    Grid grid(int matrices) {
        return new Grid(tiles, ranges, matrices, large ? LARGE_THREADS : SMALL_THREADS, 1, 1, 0);
    }

    private static Tiling sized(boolean large, int rows, int columns, int depth, int matrices, boolean cut) {
        int size = size(large);
        int tiles = tiles(Math.ceilDiv(rows, size), Math.ceilDiv(columns, size));
        long wanted = cut ? Math.min(ENOUGH_BLOCKS / ((long) tiles * matrices), depth / LEAST_RANGE) : 1;
        int range = Math.ceilDiv(Math.ceilDiv(depth, (int) Math.max(1, wanted)), SLICE) * SLICE;
        return new Tiling(large, tiles, Math.ceilDiv(depth, range), range);
    }

    private static int tiles(long down, int across) {
        return Math.toIntExact(down * across);
    }
}
