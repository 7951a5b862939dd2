package dev.tandem.cpu;

/// What will soon be needed and is asked for little by little, so that it is in the cache by then: whoever reads from
/// memory in one go waits for line after line.
///
/// Where memory is the bottleneck, tiles ask for their shares by [Prefetch], unless all that the device holds is in a
/// cache. Each asks before it begins, and again between parts of its steps if its share is large: whoever asks for more
/// lines than the processor can wait for at once, waits himself. Where tiles do many steps for each line, or there is
/// no such function, they read a few bytes with every step instead: that costs nothing, but waits for memory if the
/// line is late. [TokenPanels] always ask.
///
/// There may be two things, of which the first is needed sooner.
///
/// Set anew for each panel, by one worker; before that there is nothing to read.
class ReadAhead {
    private static final long CACHE_LINE = 64;
    // 32 lines: with half or twice as many tiles are a few per cent slower.
    private static final long MOST_BYTES_AT_ONCE = 2048;
    /// Bytes a step from which on it pays to ask for weights, some of which are in a cache anyway: more where panels
    /// come from the second-level cache, as tiles then wait for the same few buffers as what is asked for.
    static final int WEIGHTS = leastBytesOfWeights();
    /// The same for what surely comes from memory.
    static final int GRADIENTS = 0;

    private final HeldMemory held;
    private final int leastBytesToAsk;
    private long soon;
    private long soonBytes;
    private long next;
    private int pieces;
    private long pieceBytes;
    private long pieceStride;

    // What parts ask for next: each its share, from where the last one ended.
    private long share;
    private long at;
    private long left; // in the piece
    private int morePieces;
    private long nextPiece;

    // What tiles read.
    private int depth;
    private int tilesOfSoon;
    private long soonStep;
    private long nextStep;

    private static int leastBytesOfWeights() {
        if (!GemmTile.WIDE) {
            return 0; // tiles that read have no register to spare: asking takes 0.93 to 0.99 of the time
        }
        return Reduction.PANELS_LEAVE_ROOM ? 11 : 20;
    }

    /// @param leastBytesToAsk bytes a step, as [#WEIGHTS]
    ReadAhead(HeldMemory held, int leastBytesToAsk) {
        this.held = held;
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
    ///
    /// @return in how many parts each tile is to be computed
    int spread(int tiles, int depth) {
        long bytes = bytes();
        if (Prefetch.AVAILABLE && bytes >= (long) leastBytesToAsk * tiles * depth) {
            return spreadAsking(tiles, depth);
        }
        share = 0;
        this.depth = depth;
        tilesOfSoon = bytes == 0 ? 0 : (int) (tiles * soonBytes / bytes);
        soonStep = step(soonBytes, tilesOfSoon);
        nextStep = step(bytes - soonBytes, tiles - tilesOfSoon);
        return 1;
    }

    /// The same where it always pays to ask.
    ///
    /// @param mostParts of a tile
    int spreadAsking(int tiles, int mostParts) {
        long bytes = bytes();
        soonStep = 0;
        nextStep = 0;
        if (held.cached()) {
            share = 0;
            return 1;
        }
        int parts = Math.clamp(Math.ceilDiv(bytes, tiles * MOST_BYTES_AT_ONCE), 1, mostParts);
        share = Math.ceilDiv(bytes, (long) tiles * parts * CACHE_LINE) * CACHE_LINE;
        at = soon;
        left = soonBytes;
        morePieces = pieces;
        nextPiece = next;
        return parts;
    }

    private long bytes() {
        return soonBytes + pieces * pieceBytes;
    }

    private long step(long bytes, int tiles) {
        return bytes == 0 || tiles == 0 ? 0 : Math.clamp((bytes - Long.BYTES) / ((long) tiles * depth), 0, CACHE_LINE);
    }

    /// Asks for the share of a part of a tile that is about to begin.
    void ask() {
        long wanted = share;
        while (wanted > 0) {
            if (left == 0) {
                if (morePieces == 0) {
                    return;
                }
                at = nextPiece;
                left = pieceBytes;
                nextPiece += pieceStride;
                morePieces--;
            }
            long bytes = Math.min(wanted, left);
            fetch(at, bytes);
            at += bytes;
            left -= bytes;
            wanted -= bytes;
        }
    }

    /// For tests to see what is asked for.
    void fetch(long first, long bytes) {
        Prefetch.lines(first, bytes);
    }

    /// Bytes from what a tile reads in one step to what it reads in the next; 0 if it shall read nothing. Tiles that
    /// read have one part.
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
