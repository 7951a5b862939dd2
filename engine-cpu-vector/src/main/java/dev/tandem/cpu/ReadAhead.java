package dev.tandem.cpu;

/// What tiles read on their way, a few bytes with each step, so that it is in the cache when it is needed: memory
/// is slow, and whoever reads from it in one go waits for line after line.
///
/// There may be two parts, of which the first is needed sooner. Each tile reads from one of them.
///
/// Set anew for each panel, by one worker; before that there is nothing to read.
final class ReadAhead {
    private static final long CACHE_LINE = 64;

    private long soon;
    private long soonBytes;
    private long next;
    private int pieces;
    private long pieceBytes;
    private long pieceStride;

    private int depth;
    private int tilesOfSoon;
    private long soonStep;
    private long nextStep;

    /// What is needed after this panel, and nothing sooner: `pieces` times `pieceBytes` that lie `pieceStride` apart.
    void next(long address, int pieces, long pieceBytes, long pieceStride) {
        next = address;
        this.pieces = pieces;
        this.pieceBytes = pieceBytes;
        this.pieceStride = pieceStride;
        soonBytes = 0;
    }

    /// What is needed when this panel is finished.
    void soon(long address, long bytes) {
        soon = address;
        soonBytes = bytes;
    }

    /// Spreads what there is over some tiles.
    void spread(int tiles, int depth) {
        this.depth = depth;
        long nextBytes = pieces * pieceBytes;
        long bytes = soonBytes + nextBytes;
        tilesOfSoon = bytes == 0 ? 0 : (int) (tiles * soonBytes / bytes);
        soonStep = step(soonBytes, tilesOfSoon);
        nextStep = step(nextBytes, tiles - tilesOfSoon);
    }

    private long step(long bytes, int tiles) {
        return bytes == 0 || tiles == 0 ? 0 : Math.clamp((bytes - Long.BYTES) / ((long) tiles * depth), 0, CACHE_LINE);
    }

    /// Bytes from what a tile reads in one step to what it reads in the next; 0 if it shall read nothing.
    long step(int tile) {
        return tile < tilesOfSoon ? soonStep : nextStep;
    }

    /// Where a tile begins to read.
    long address(int tile) {
        if (tile < tilesOfSoon) {
            return soon + (long) tile * depth * soonStep;
        }
        long done = (long) (tile - tilesOfSoon) * depth * nextStep;
        return pieces == 1 ? next + done : next + done / pieceBytes * pieceStride + done % pieceBytes;
    }
}
