package dev.tandem.cpu;

/// How a reduction over columns is cut into chunks, whose operands the caches hold, and how chunks are packed in
/// groups.
///
/// Sums go on from chunk to chunk, so no cut changes a bit of the result: it may depend on anything.
final class Reduction {
    /// Longest chunk: with few tiles, memory is waited for anyway, and each chunk would interrupt it.
    static final int MOST_DEPTH = 1024;
    /// With some, a panel (32 KiB) stays in the first-level cache for all of them, if it leaves room for the rest.
    static final int DEPTH_IN_CACHE = 256;
    static final boolean PANELS_LEAVE_ROOM = DEPTH_IN_CACHE * GemmTile.ROW_BYTES < Processor.firstLevelCache();
    /// With many, it comes from the second-level cache in time, and sums are read and written less often. Where a
    /// panel of 256 steps leaves no room, so it does with fewer: measured, 0.94 to 0.98 of the time up to 100 rows.
    static final int DEPTH = 512;
    private static final int UNCUT_DEPTH = 768;

    private static final int FEW_TILES = 5;
    private static final int MANY_TILES = 12;
    /// Bytes of packed rows that a group of chunks may have, unless it is one chunk.
    static final long GROUP_BYTES = Processor.secondLevelCache() / 2;

    private Reduction() {}

    /// Most steps of a chunk.
    static int depth(int length, int rows) {
        int tiles = RowTiles.count(rows);
        if (PANELS_LEAVE_ROOM && tiles < MANY_TILES) {
            return tiles <= FEW_TILES ? MOST_DEPTH : DEPTH_IN_CACHE;
        }
        return tiles > FEW_TILES && length <= UNCUT_DEPTH ? UNCUT_DEPTH : DEPTH;
    }

    /// The same for a forward product, whose panels are made F32 in the first-level cache where they are narrow.
    static int depth(PanelLayout layout, int rows) {
        return layout.narrow() ? DEPTH_IN_CACHE : depth(layout.in(), rows);
    }

    static int chunks(int length, int depth) {
        return Split.parts(length, depth);
    }

    /// Where a chunk begins: on a panel boundary, since the data gradient reads panels along its reduction.
    static int first(int length, int depth, int chunk) {
        int panels = Math.ceilDiv(length, GemmTile.WIDTH);
        return Math.min(length, Split.first(panels, chunks(length, depth), chunk) * GemmTile.WIDTH);
    }

    /// Steps of a chunk.
    static int steps(int length, int depth, int chunk) {
        return first(length, depth, chunk + 1) - first(length, depth, chunk);
    }

    /// The panel in which a chunk begins, or the number of panels.
    static int panel(int length, int depth, int chunk) {
        return Math.ceilDiv(first(length, depth, chunk), GemmTile.WIDTH);
    }

    /// Groups of chunks, each packed at once.
    static int groups(int length, int depth, int rows) {
        int most = (int) Math.max(1, GROUP_BYTES / chunkBytes(length, depth, rows));
        return Split.parts(chunks(length, depth), most);
    }

    /// The chunk with which a group begins.
    static int firstChunk(int length, int depth, int rows, int group) {
        return Split.first(chunks(length, depth), groups(length, depth, rows), group);
    }

    /// Bytes from one packed chunk of rows to the next.
    static long chunkBytes(int length, int depth, int rows) {
        int panels = Math.ceilDiv(Math.ceilDiv(length, GemmTile.WIDTH), chunks(length, depth));
        return Gemm.packedBytes(rows, panels * GemmTile.WIDTH);
    }

    /// Bytes of a packed group.
    static long groupBytes(int length, int depth, int rows) {
        int chunks = Math.ceilDiv(chunks(length, depth), groups(length, depth, rows));
        return chunks * chunkBytes(length, depth, rows);
    }

    /// Packs some chunks of rows.
    static void pack(long table, int rows, int length, int depth, int firstChunk, int lastChunk, long out) {
        for (int chunk = firstChunk; chunk < lastChunk; chunk++) {
            long offset = first(length, depth, chunk) * (long) Float.BYTES;
            long target = out + (chunk - firstChunk) * chunkBytes(length, depth, rows);
            Packing.rows(table, rows, offset, steps(length, depth, chunk), target);
        }
    }
}
