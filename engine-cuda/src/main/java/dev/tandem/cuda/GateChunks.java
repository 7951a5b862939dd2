package dev.tandem.cuda;

/// Tokens that one block numbers tile by tile, a thread for each token of a tile. Follows from the
/// shape alone.
///
/// @param N tokens
/// @param threads of a block
/// @param tokens of a chunk, a multiple of the threads
record GateChunks(int N, int threads, int tokens) {
    private static final int WARP = 32;

    /// The warps of a block number their tokens one after the other: more of them would wait longer
    /// for each other and gain nothing.
    private static final int MOST_THREADS = 256;

    private static final int LEAST_TILES = 4;

    /// With two experts per token, about a block for each multiprocessor of today's largest GPUs.
    private static final int MOST_CHUNKS = 64;

    /// Integers of all histograms, which should stay below the routing itself.
    private static final long MOST_ENTRIES = 1L << 24;

    static GateChunks of(int N, int K, int E) {
        int threads = Math.min(MOST_THREADS, Math.ceilDiv(N, WARP) * WARP);
        int mostChunks = Math.clamp(MOST_ENTRIES / ((long) K * E), 1, MOST_CHUNKS);
        int tiles = Math.ceilDiv(Math.ceilDiv(N, threads), mostChunks);
        return new GateChunks(N, threads, Math.max(LEAST_TILES, tiles) * threads);
    }

    int count() {
        return Math.ceilDiv(N, tokens);
    }
}
