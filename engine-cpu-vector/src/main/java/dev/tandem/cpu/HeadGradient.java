package dev.tandem.cpu;

/// Gradients of one head: WIDTH keys at a time against blocks of queries, probabilities computed again
/// from the saved sums.
///
/// Keys are lanes: `p[query][key]`, `dk[channel][key]`; only for `dq[channel][query]` is a block of score
/// gradients transposed. One task owns a head, so every sum has one order. Each worker has one of these;
/// the fields are addresses in its scratch memory.
final class HeadGradient {
    // Panels of queries in a block: their scores and gradients stay in the first-level cache.
    private static final int PANELS = 2;
    private static final int WIDTH = GemmTile.WIDTH;
    private static final long ROW = GemmTile.ROW_BYTES;
    // Above it the rounding of the saved sums would show: a row's probabilities would not sum to 1.
    private static final float EXACT = 16;

    private final AttentionGradients operands;
    private final PendingRows pending = new PendingRows(3);

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
    private long keyPanel;
    private long valuePanel;
    // Two of each: one is stored while the next one grows
    private long dKeyPanels;
    private long dValuePanels;
    private long dQueryPanels;
    // [queries][WIDTH] of a block, and the transposed of one panel
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
        int panels = operands.panels();
        for (int panel = 0; panel < panels; panel++) {
            keys(panel);
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
                + (6 + 3L * panels) * panelBytes
                + 2 * blockBytes
                + WIDTH * ROW
                + ROW
                + drawBytes);
        queryPanels = laneTable + laneBytes;
        outputPanels = queryPanels + panels * panelBytes;
        queryChannels = outputPanels + panels * panelBytes;
        outputChannels = queryChannels + channelBytes;
        keyChannels = outputChannels + channelBytes;
        logSums = keyChannels + channelBytes;
        deltas = logSums + queryBytes;
        factors = deltas + queryBytes;
        keyPanel = factors + queryBytes;
        valuePanel = keyPanel + panelBytes;
        dKeyPanels = valuePanel + panelBytes;
        dValuePanels = dKeyPanels + 2 * panelBytes;
        dQueryPanels = dValuePanels + 2 * panelBytes;
        probabilities = dQueryPanels + panels * panelBytes;
        scores = probabilities + blockBytes;
        turned = scores + blockBytes;
        bias = turned + WIDTH * ROW;
        draws = bias + ROW;
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
        packPanels(row(operands.dy, 0) + offset(), stride, outputPanels);
        HeadTiles.channels(row(operands.dy, 0) + offset(), stride, T, D, outputChannels);
        packPanels(qkvRow(0) + offset(), 3 * stride, queryPanels);
        HeadTiles.channels(qkvRow(0) + offset(), 3 * stride, T, D, queryChannels);
        HeadTiles.channels(qkvRow(0) + stride + offset(), 3 * stride, T, D, keyChannels);
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
            load(first, Math.min(WIDTH, T - first));
            for (int i = first; i < T; i += PANELS * WIDTH) {
                addProbabilities(i, Math.min(PANELS * WIDTH, T - i), first);
            }
        }
        for (int i = 0; i < T; i++) {
            long at = factors + (long) i * Float.BYTES;
            float sum = Lanes.get(at);
            Lanes.set(at, sum == 0 ? 1 : 1 / sum);
        }
    }

    private void addProbabilities(int firstQuery, int queries, int firstKey) {
        multiply(firstQuery, queries, queryPanels, keyPanel, probabilities);
        long at = (long) firstQuery * Float.BYTES;
        HeadScores.probabilities(probabilities, bias, logSums + at, queries, firstQuery - firstKey + 1);
        for (int i = 0; i < queries; i++) {
            long factor = factors + at + (long) i * Float.BYTES;
            Lanes.set(factor, Lanes.get(factor) + Rows.sum(probabilities + i * ROW, WIDTH));
        }
    }

    private void packPanels(long rows, long stride, long out) {
        for (int i = 0; i < T; i += WIDTH) {
            HeadTiles.toPanel(
                    rows + i * stride, stride, Math.min(WIDTH, T - i), D, out + i * (long) D * Float.BYTES, laneTable);
        }
    }

    /// All that WIDTH keys contribute.
    private void keys(int panel) {
        int first = panel * WIDTH;
        int count = Math.min(WIDTH, T - first);
        long dKeyPanel = dKeyPanels + (panel & 1) * D * ROW;
        long dValuePanel = dValuePanels + (panel & 1) * D * ROW;
        load(first, count);
        for (int i = first; i < T; i += PANELS * WIDTH) {
            int queries = Math.min(PANELS * WIDTH, T - i);
            boolean accumulate = i > first;
            multiply(i, queries, queryPanels, keyPanel, probabilities);
            pending.storePiece();
            multiply(i, queries, outputPanels, valuePanel, scores);
            pending.storePiece();
            gradients(i, queries, first);
            HeadTiles.multiplyChannels(outputChannels, i, T, queries, D, probabilities, dValuePanel, accumulate);
            pending.storePiece();
            HeadTiles.multiplyChannels(queryChannels, i, T, queries, D, scores, dKeyPanel, accumulate);
            pending.storePiece();
            for (int p = 0; p < queries; p += WIDTH) {
                HeadTiles.transpose(scores + p * ROW, turned, laneTable);
                long dq = dQueryPanels + (long) ((i + p) / WIDTH) * D * ROW;
                HeadTiles.multiplyChannels(keyChannels, first, T, count, D, turned, dq, first > 0);
            }
        }
        pending.finish();
        store(dKeyPanel, dValuePanel, panel);
    }

    /// Lets the gradients of the tokens of a panel be stored; those of its queries are complete, since no later
    /// keys are seen.
    private void store(long dKeyPanel, long dValuePanel, int panel) {
        int first = panel * WIDTH;
        int count = Math.min(WIDTH, T - first);
        long dQueryPanel = dQueryPanels + (long) first * D * Float.BYTES;
        float scale = (float) (1 / Math.sqrt(D));
        HeadTiles.scale(dQueryPanel, D, scale);
        HeadTiles.scale(dKeyPanel, D, scale);
        long row = operands.dqkv + ((long) b * T + first) * 3 * operands.rowBytes() + offset();
        pending.add(dQueryPanel, count, row);
        pending.add(dKeyPanel, count, row + operands.rowBytes());
        pending.add(dValuePanel, count, row + 2 * operands.rowBytes());
    }

    private void load(int first, int count) {
        long stride = operands.rowBytes();
        long keys = qkvRow(first) + stride + offset();
        HeadTiles.toPanel(keys, 3 * stride, count, D, keyPanel, laneTable);
        HeadTiles.scale(keyPanel, D, (float) (VectorMath.LOG2_E_EXACT / Math.sqrt(D)));
        HeadTiles.toPanel(keys + stride, 3 * stride, count, D, valuePanel, laneTable);
        for (int j = 0; j < WIDTH; j++) {
            Lanes.set(bias + (long) j * Float.BYTES, j < count && !padded(first + j) ? 0 : Float.NEGATIVE_INFINITY);
        }
    }

    private boolean padded(int t) {
        return operands.padding != 0 && Lanes.getInt(operands.padding + ((long) b * T + t) * Integer.BYTES) != 0;
    }

    /// Products of panels of queries with a panel of keys, to rows of a block.
    private void multiply(int first, int queries, long panels, long panel, long out) {
        for (int p = 0; p < queries; p += WIDTH) {
            long rows = panels + (first + p) * (long) D * Float.BYTES;
            HeadTiles.multiply(Math.min(WIDTH, queries - p), D, rows, panel, out + p * ROW, false);
        }
    }

    private void gradients(int firstQuery, int queries, int firstKey) {
        long at = (long) firstQuery * Float.BYTES;
        HeadScores.probabilities(probabilities, bias, logSums + at, queries, firstQuery - firstKey + 1);
        for (int i = 0; i < queries && !exact; i++) {
            long row = probabilities + i * ROW;
            Rows.scale(row, row, Lanes.get(factors + at + (long) i * Float.BYTES), WIDTH);
        }
        if (operands.dropout == 0) {
            HeadScores.gradients(scores, probabilities, deltas + at, queries);
            return;
        }
        long index = (((long) b * operands.H + h) * T + firstQuery) * T + firstKey;
        PhiloxWords.rows(draws, operands.seed, operands.stream, index, T, queries, WIDTH);
        for (int i = 0; i < queries; i++) {
            float delta = Lanes.get(deltas + at + (long) i * Float.BYTES);
            long words = PhiloxWords.row(draws, index, T, i, WIDTH);
            HeadScores.drop(probabilities + i * ROW, scores + i * ROW, words, delta, operands.dropout);
        }
    }
}
