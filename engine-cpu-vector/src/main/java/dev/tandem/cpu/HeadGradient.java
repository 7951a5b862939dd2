package dev.tandem.cpu;

/// Gradients of one head: WIDTH keys at a time against blocks of queries, probabilities computed again
/// from the saved sums.
///
/// Keys are lanes: `p[query][key]`, `dk[channel][key]`; only for `dq[channel][query]` is a block of score
/// gradients transposed. One task owns a head, so every sum has one order. Each worker has one of these;
/// the fields are addresses in its scratch memory.
final class HeadGradient {
    // Panels of queries and of keys in a block. Each product takes all of its keys before the next one, so that
    // queries come into the first-level cache once for all of them.
    private static final int PANELS = 2;
    private static final int WIDTH = GemmTile.WIDTH;
    private static final int BLOCK = PANELS * WIDTH;
    private static final long ROW = GemmTile.ROW_BYTES;
    // Above it the rounding of the saved sums would show: a row's probabilities would not sum to 1.
    private static final float EXACT = 16;

    private final AttentionGradients operands;
    private final PendingRows pending = new PendingRows(3 * PANELS);

    private int b;
    private int h;
    private int T;
    private int D;
    private long laneTable;
    // Panels [D][queries] and [queries][channels] of queries and output gradients, [keys][channels] of keys
    private long queryPanels;
    private long outputPanels;
    private long queryChannels;
    private long outputChannels;
    private long keyChannels;
    // Per query
    private long logSums;
    private long deltas;
    private long factors;
    // Panels [D][WIDTH]
    private long keyPanels;
    private long valuePanels;
    // Twice the panels of a block: some are stored while the next ones grow
    private long dKeyPanels;
    private long dValuePanels;
    private long dQueryPanels;
    // [queries][WIDTH] for each panel of keys of a block; the transposed of one panel of queries
    private long probabilities;
    private long scores;
    private long turned;
    private long bias;
    private long draws;
    private boolean exact;

    HeadGradient(AttentionGradients operands) {
        this.operands = operands;
    }

    void run(int head, Workspace workspace) {
        b = head / operands.H;
        h = head % operands.H;
        T = operands.T;
        D = operands.D;
        lay(workspace);
        pack();
        normalize();
        for (int first = 0; first < T; first += BLOCK) {
            keys(first);
        }
        pending.finish();
    }

    private void lay(Workspace workspace) {
        int panels = operands.panels();
        long panelBytes = D * ROW;
        long channelBytes = HeadTiles.channelBytes(T, D);
        long laneBytes = Packing.tableBytes(WIDTH);
        long queryBytes = Workspace.aligned((long) T * Float.BYTES);
        long blockBytes = (long) PANELS * WIDTH * ROW;
        long drawBytes = (long) PANELS * WIDTH * PhiloxWords.rowBytes(WIDTH);
        laneTable = workspace.address(laneBytes
                + 3 * channelBytes
                + 3 * queryBytes
                + (6 * PANELS + 3L * panels) * panelBytes
                + (2 * PANELS + 1) * blockBytes
                + PANELS * ROW
                + drawBytes);
        queryPanels = laneTable + laneBytes;
        outputPanels = queryPanels + panels * panelBytes;
        queryChannels = outputPanels + panels * panelBytes;
        outputChannels = queryChannels + channelBytes;
        keyChannels = outputChannels + channelBytes;
        logSums = keyChannels + channelBytes;
        deltas = logSums + queryBytes;
        factors = deltas + queryBytes;
        keyPanels = factors + queryBytes;
        valuePanels = keyPanels + PANELS * panelBytes;
        dKeyPanels = valuePanels + PANELS * panelBytes;
        dValuePanels = dKeyPanels + 2 * PANELS * panelBytes;
        dQueryPanels = dValuePanels + 2 * PANELS * panelBytes;
        probabilities = dQueryPanels + panels * panelBytes;
        scores = probabilities + PANELS * blockBytes;
        turned = scores + PANELS * blockBytes;
        bias = turned + blockBytes;
        draws = bias + PANELS * ROW;
        pending.begin(D, 3 * operands.rowBytes(), laneTable);
    }

    private long offset() {
        return (long) h * D * Float.BYTES;
    }

    private long qkvRow(int t) {
        return operands.qkv + ((long) b * T + t) * 3 * operands.rowBytes();
    }

    private long row(long base, int t) {
        return base + ((long) b * T + t) * operands.rowBytes();
    }

    private void pack() {
        long stride = operands.rowBytes();
        long dy = row(operands.dy, 0) + offset();
        long queries = qkvRow(0) + offset();
        // Rows before strips of them: whole rows come from memory much faster.
        HeadTiles.channels(dy, stride, T, D, outputChannels);
        HeadTiles.toPanels(dy, stride, T, D, outputPanels, laneTable);
        HeadTiles.channels(queries, 3 * stride, T, D, queryChannels);
        HeadTiles.toPanels(queries, 3 * stride, T, D, queryPanels, laneTable);
        HeadTiles.channels(queries + stride, 3 * stride, T, D, keyChannels);
        long sums = operands.logSumExp + ((long) b * operands.H + h) * T * Float.BYTES;
        for (int i = 0; i < T; i++) {
            long at = (long) i * Float.BYTES;
            float delta = Rows.dot(row(operands.dy, i) + offset(), row(operands.y, i) + offset(), D);
            Lanes.set(deltas + at, delta);
            float sum = Lanes.get(sums + at);
            // Powers of a query that saw nothing must be 0.
            float safe = sum == Float.NEGATIVE_INFINITY ? Float.POSITIVE_INFINITY : sum;
            Lanes.set(logSums + at, (float) (safe * VectorMath.LOG2_E_EXACT));
        }
    }

    /// Factors that make the probabilities of every query sum to 1.
    private void normalize() {
        exact = true;
        for (int i = 0; i < T; i++) {
            long at = (long) i * Float.BYTES;
            Lanes.set(factors + at, 1);
            float sum = Math.abs(Lanes.get(logSums + at));
            exact &= sum <= EXACT || sum == Float.POSITIVE_INFINITY;
        }
        if (exact) {
            return;
        }
        Lanes.fill(factors, (long) T * Float.BYTES, (byte) 0);
        for (int first = 0; first < T; first += WIDTH) {
            load(first, 0);
            for (int i = first; i < T; i += BLOCK) {
                addProbabilities(i, Math.min(BLOCK, T - i), first);
            }
        }
        for (int i = 0; i < T; i++) {
            long at = factors + (long) i * Float.BYTES;
            float sum = Lanes.get(at);
            Lanes.set(at, sum == 0 ? 1 : 1 / sum);
        }
    }

    private void addProbabilities(int firstQuery, int queries, int firstKey) {
        HeadTiles.multiplyTokens(queryPanels, firstQuery, queries, D, keyPanels, probabilities);
        long at = (long) firstQuery * Float.BYTES;
        HeadScores.probabilities(probabilities, bias, logSums + at, queries, firstQuery - firstKey + 1);
        for (int i = 0; i < queries; i++) {
            long factor = factors + at + (long) i * Float.BYTES;
            Lanes.set(factor, Lanes.get(factor) + Rows.sum(probabilities + i * ROW, WIDTH));
        }
    }

    /// All that a block of keys contributes.
    private void keys(int first) {
        int panels = Math.ceilDiv(Math.min(BLOCK, T - first), WIDTH);
        // Which half of the gradients' panels
        int spare = (first / BLOCK & 1) * PANELS;
        for (int j = 0; j < panels; j++) {
            load(first + j * WIDTH, j);
        }
        for (int i = first; i < T; i += BLOCK) {
            int queries = Math.min(BLOCK, T - i);
            for (int j = 0; j < panels; j++) {
                scores(i, queries, first, j);
                pending.storePiece();
            }
            keyGradients(outputChannels, i, queries, first, panels, probabilities, panel(dValuePanels, spare));
            keyGradients(queryChannels, i, queries, first, panels, scores, panel(dKeyPanels, spare));
            queryGradients(i, queries, first, panels);
        }
        pending.finish();
        for (int j = 0; j < panels; j++) {
            store(panel(dKeyPanels, spare + j), panel(dValuePanels, spare + j), first + j * WIDTH);
        }
    }

    private long panel(long panels, int number) {
        return panels + (long) number * D * ROW;
    }

    /// Queries of a block that see none of a panel of keys.
    private static int blind(int firstQuery, int firstKey) {
        return Math.max(0, firstKey - firstQuery);
    }

    /// Probabilities and gradients of the scores of a block of queries and a panel of keys.
    private void scores(int firstQuery, int queries, int firstKey, int j) {
        int key = firstKey + j * WIDTH;
        int blind = blind(firstQuery, key);
        int count = queries - blind;
        long block = ((long) j * BLOCK + blind) * ROW;
        HeadTiles.multiplyTokens(queryPanels, firstQuery + blind, count, D, panel(keyPanels, j), probabilities + block);
        pending.storePiece();
        HeadTiles.multiplyTokens(outputPanels, firstQuery + blind, count, D, panel(valuePanels, j), scores + block);
        gradients(firstQuery + blind, count, key, probabilities + block, scores + block, bias + j * ROW);
    }

    /// Adds to the gradients of a block of keys or values.
    private void keyGradients(
            long channels, int firstQuery, int queries, int firstKey, int panels, long rows, long gradients) {
        for (int j = 0; j < panels; j++) {
            int blind = blind(firstQuery, firstKey + j * WIDTH);
            long block = rows + ((long) j * BLOCK + blind) * ROW;
            int first = firstQuery + blind;
            boolean accumulate = firstQuery > firstKey;
            HeadTiles.multiplyChannels(channels, first, T, queries - blind, D, block, panel(gradients, j), accumulate);
            pending.storePiece();
        }
    }

    /// Adds to the gradients of a block of queries.
    private void queryGradients(int firstQuery, int queries, int firstKey, int panels) {
        for (int p = 0; p < queries; p += WIDTH) {
            int seen = Math.min(panels, (firstQuery + p - firstKey) / WIDTH + 1);
            Transpose.TRANSPOSE.squares(seen, scores + p * ROW, BLOCK * ROW, turned);
            int keys = Math.min(seen * WIDTH, T - firstKey);
            long dq = panel(dQueryPanels, (firstQuery + p) / WIDTH);
            HeadTiles.multiplyChannels(keyChannels, firstKey, T, keys, D, turned, dq, firstKey > 0);
        }
    }

    /// Lets the gradients of the tokens of a panel be stored; those of its queries are complete, since no later
    /// keys are seen.
    private void store(long dKeyPanel, long dValuePanel, int first) {
        int count = Math.min(WIDTH, T - first);
        long dQueryPanel = panel(dQueryPanels, first / WIDTH);
        float scale = (float) (1 / Math.sqrt(D));
        HeadTiles.scale(dQueryPanel, D, scale);
        HeadTiles.scale(dKeyPanel, D, scale);
        long row = operands.dqkv + ((long) b * T + first) * 3 * operands.rowBytes() + offset();
        pending.add(dQueryPanel, count, row);
        pending.add(dKeyPanel, count, row + operands.rowBytes());
        pending.add(dValuePanel, count, row + 2 * operands.rowBytes());
    }

    /// Panels of WIDTH keys and their values.
    private void load(int first, int j) {
        int count = Math.min(WIDTH, T - first);
        long stride = operands.rowBytes();
        long keys = qkvRow(first) + stride + offset();
        HeadTiles.toPanel(keys, 3 * stride, count, D, panel(keyPanels, j), laneTable);
        HeadTiles.scale(panel(keyPanels, j), D, (float) (VectorMath.LOG2_E_EXACT / Math.sqrt(D)));
        HeadTiles.toPanel(keys + stride, 3 * stride, count, D, panel(valuePanels, j), laneTable);
        for (int lane = 0; lane < WIDTH; lane++) {
            float shift = lane < count && !padded(first + lane) ? 0 : Float.NEGATIVE_INFINITY;
            Lanes.set(bias + j * ROW + (long) lane * Float.BYTES, shift);
        }
    }

    private boolean padded(int t) {
        return operands.padding != 0 && Lanes.getInt(operands.padding + ((long) b * T + t) * Integer.BYTES) != 0;
    }

    private void gradients(int firstQuery, int queries, int firstKey, long p, long ds, long hidden) {
        long at = (long) firstQuery * Float.BYTES;
        HeadScores.probabilities(p, hidden, logSums + at, queries, firstQuery - firstKey + 1);
        for (int i = 0; i < queries && !exact; i++) {
            long row = p + i * ROW;
            Rows.scale(row, row, Lanes.get(factors + at + (long) i * Float.BYTES), WIDTH);
        }
        if (operands.dropout == 0) {
            HeadScores.gradients(ds, p, deltas + at, queries);
            return;
        }
        long index = (((long) b * operands.H + h) * T + firstQuery) * T + firstKey;
        PhiloxWords.rows(draws, operands.seed, operands.stream, index, T, queries, WIDTH);
        for (int i = 0; i < queries; i++) {
            float delta = Lanes.get(deltas + at + (long) i * Float.BYTES);
            long words = PhiloxWords.row(draws, index, T, i, WIDTH);
            HeadScores.drop(p + i * ROW, ds + i * ROW, words, delta, operands.dropout);
        }
    }
}
