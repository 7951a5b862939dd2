package dev.tandem.cuda;

/// Tokens that one block numbers one after the other, a thread for each of a tile. Follows from the
/// shape alone.
///
/// @param N tokens
/// @param threads of a block
/// @param tokens of a chunk, a multiple of the threads
record GateChunks(int N, int threads, int tokens) {
    private static final int WARP = 32;
    private static final int MOST_THREADS = 1024;

    /// Above it chunks grow, lest the histograms outgrow the routing.
    private static final long MOST_ENTRIES = 1L << 24;

    /// @param entries of one chunk's histograms, over all ranks
    static GateChunks of(int N, long entries) {
        int threads = Math.min(MOST_THREADS, Math.ceilDiv(N, WARP) * WARP);
        int tiles = Math.ceilDiv(N, threads);
        long grown = Math.min(tiles, Math.ceilDiv(tiles * entries, MOST_ENTRIES));
        return new GateChunks(N, threads, Math.toIntExact(grown * threads));
    }

    int count() {
        return Math.ceilDiv(N, tokens);
    }
}
