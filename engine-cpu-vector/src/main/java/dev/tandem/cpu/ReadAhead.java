package dev.tandem.cpu;

/// What will soon be needed and is asked for tile by tile, so that it is in the cache by then: whoever reads from
/// memory in one go waits for line after line.
///
/// Where memory is the bottleneck, each tile asks for its share before it begins, by [Prefetch]. Where tiles do many
/// steps for each line, or there is no such function, they read a few bytes with every step instead: that costs
/// nothing, but waits for memory if the line is late.
///
/// There may be two parts, of which the first is needed sooner. Each tile takes from one of them.
///
/// Set anew for each panel, by one worker; before that there is nothing to read.
class ReadAhead {
    private static final long CACHE_LINE = 64;
    // Where fewer tiles share a panel, they only take turns with memory: the processor does as well by itself.
    private static final int FEWEST_TILES_TO_ASK = 3;
    /// Bytes a step from which on it pays to ask for weights, some of which are in a cache anyway.
    static final int WEIGHTS = 11;
    /// The same for what surely comes from memory.
    static final int GRADIENTS = 0;

    private final int leastBytesToAsk;
    private long soon;
    private long soonBytes;
    private long next;
    private int pieces;
    private long pieceBytes;
    private long pieceStride;

    private boolean asks;
    private int depth;
    private int tilesOfSoon;
    private int tilesOfNext;
    private long soonStep;
    private long nextStep;

    /// @param leastBytesToAsk bytes a step, as [#WEIGHTS]
    ReadAhead(int leastBytesToAsk) {
        this.leastBytesToAsk = leastBytesToAsk;
    }

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
        tilesOfNext = tiles - tilesOfSoon;
        asks = Prefetch.AVAILABLE && bytes >= (long) leastBytesToAsk * tiles * depth;
        soonStep = asks ? 0 : step(soonBytes, tilesOfSoon);
        nextStep = asks ? 0 : step(nextBytes, tilesOfNext);
    }

    private long step(long bytes, int tiles) {
        return bytes == 0 || tiles == 0 ? 0 : Math.clamp((bytes - Long.BYTES) / ((long) tiles * depth), 0, CACHE_LINE);
    }

    /// Asks for the share of a tile that is about to begin.
    void ask(int tile) {
        if (!asks || tilesOfSoon + tilesOfNext < FEWEST_TILES_TO_ASK) {
            return;
        }
        if (tile < tilesOfSoon) {
            long first = share(soonBytes, tilesOfSoon, tile);
            fetch(soon + first, share(soonBytes, tilesOfSoon, tile + 1) - first);
            return;
        }
        long bytes = pieces * pieceBytes;
        long end = share(bytes, tilesOfNext, tile - tilesOfSoon + 1);
        long done = share(bytes, tilesOfNext, tile - tilesOfSoon);
        while (done < end) {
            long inPiece = done % pieceBytes;
            long length = Math.min(end - done, pieceBytes - inPiece);
            fetch(next + done / pieceBytes * pieceStride + inPiece, length);
            done += length;
        }
    }

    /// Asks for all that is needed after this panel where there are too few tiles to share it.
    void askAtOnce(int tiles) {
        for (int piece = 0; piece < pieces && tiles < FEWEST_TILES_TO_ASK; piece++) {
            fetch(next + piece * pieceStride, pieceBytes);
        }
    }

    /// For tests to see what is asked for.
    void fetch(long first, long bytes) {
        Prefetch.lines(first, bytes);
    }

    /// Whole lines, except at the end.
    private static long share(long bytes, int tiles, int tile) {
        return tile == tiles ? bytes : bytes * tile / tiles / CACHE_LINE * CACHE_LINE;
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
