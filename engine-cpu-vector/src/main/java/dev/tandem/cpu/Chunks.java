package dev.tandem.cpu;

/// Into how many column chunks a product is cut, so that all threads have work. The number decides
/// who computes an element, never how.
final class Chunks {
    // Enough tasks that an unlucky thread, or one that the system took away, delays little.
    private static final int TASKS_PER_THREAD = 4;
    // Of one row: threads wait for memory, each for a different while, and none packs much.
    private static final int TASKS_PER_THREAD_OF_ONE_ROW = 8;
    private static final int MANY_BLOCKS_PER_THREAD = 4 * TASKS_PER_THREAD;
    // Rows are packed once per chunk, unless one worker takes several in a row: with these panels, a few per cent.
    private static final int LEAST_PANELS = 8;
    // Every task of a weight gradient packs x for itself.
    private static final int LEAST_PANELS_OF_GRADIENT = 16;
    // dy is packed once per block of columns.
    private static final int LEAST_COLUMNS = 128;
    private static final int FEW_ROWS = 16;
    private static final int LEAST_PANELS_OF_FEW_ROWS = 2;

    private Chunks() {}

    /// Row blocks of at most `most` rows: as many for each thread, unless there are many, or too few for all.
    static int rows(int rows, int most, int threads) {
        int blocks = Split.parts(rows, most);
        return blocks < threads || blocks > MANY_BLOCKS_PER_THREAD * threads
                ? blocks
                : Math.ceilDiv(blocks, threads) * threads;
    }

    /// Chunks of each of `blocks` row blocks.
    static int columns(int blocks, int rows, int panels, int threads) {
        int least = rows <= FEW_ROWS ? LEAST_PANELS_OF_FEW_ROWS : LEAST_PANELS;
        int tasks = rows == 1 ? TASKS_PER_THREAD_OF_ONE_ROW : TASKS_PER_THREAD;
        return chunks(blocks, panels, least, threads * tasks, threads);
    }

    /// Chunks of the panels of a weight gradient, for each of `blocks` blocks of its columns.
    static int panels(int blocks, int panels, int threads) {
        int tasks = threads * TASKS_PER_THREAD;
        int chunks = chunks(blocks, panels, LEAST_PANELS_OF_GRADIENT, tasks, threads);
        boolean even = blocks * chunks % threads == 0;
        return even ? chunks : chunks(blocks, panels, LEAST_PANELS, tasks, threads);
    }

    /// Blocks of the columns of a weight gradient: more than its size asks for where they would leave a thread with a
    /// task more than the others, or without one.
    static int columnBlocks(int columns, int panels, int threads) {
        int least = Split.parts(columns, WeightGradient.COLUMNS);
        int most = Math.max(least, Split.parts(columns, LEAST_COLUMNS));
        for (int blocks = least; blocks <= most; blocks++) {
            if (blocks * panels(blocks, panels, threads) % threads == 0) {
                return blocks;
            }
        }
        return Math.clamp(threads, least, most);
    }

    private static int chunks(int blocks, int panels, int least, int tasks, int threads) {
        int wanted = Math.ceilDiv(tasks, Math.max(1, blocks));
        int most = Math.clamp(wanted, 1, Math.max(1, panels / least));
        // Rather a number that leaves no thread with a task more than the others: a smaller one, else a larger.
        for (int chunks = most; chunks > 0; chunks--) {
            if (blocks * chunks % threads == 0) {
                return chunks;
            }
        }
        boolean enough = blocks > MANY_BLOCKS_PER_THREAD * threads; // one more or less does not matter
        return enough || panels < threads * least ? most : threads;
    }
}
