package dev.tandem.cpu;

import jdk.incubator.vector.FloatVector;

/// Attention of WIDTH queries at a time over blocks of keys, with running maximum and sum.
///
/// Queries are lanes: `s[key][query]`, `o[channel][query]`. Powers are of 2; the scale of the scores holds
/// the logarithm. A query's result depends on its own row only, not on how queries are cut into tasks.
final class AttentionForward {
    /// Keys of a block: scores and packed keys stay in the first-level cache.
    static final int KEYS = 96;

    private final Workers workers;

    // Operands; rows lie `...Stride` bytes apart, heads D floats.
    int T;
    int keys;
    int start;
    int H;
    int D;
    long y;
    long yStride;
    /// 0 if not wanted.
    long logSumExp;

    long q;
    long qStride;
    long k;
    long v;
    long kvStride;
    /// Positions from one sequence of keys to the next.
    int keyCapacity;
    /// 0 if absent.
    long padding;

    float dropout;
    long seed;
    long stream;
    int panelsPerTask;

    AttentionForward(Workers workers) {
        this.workers = workers;
    }

    int panels() {
        return Math.ceilDiv(T, GemmTile.WIDTH);
    }

    int tasksPerHead() {
        return Math.ceilDiv(panels(), panelsPerTask);
    }

    private long scratchBytes() {
        return Packing.tableBytes(keys)
                + Gemm.packedBytes(keys, D)
                + HeadTiles.channelBytes(keys, D)
                + Packing.tableBytes(GemmTile.WIDTH)
                + (2L * D + KEYS + OnlineSoftmax.ROWS) * GemmTile.ROW_BYTES
                + dropBytes();
    }

    private static long dropBytes() {
        return Packing.tableBytes(GemmTile.WIDTH)
                + GemmTile.WIDTH * PhiloxWords.rowBytes(KEYS)
                + KEYS * GemmTile.ROW_BYTES;
    }

    void run(int task, int worker) {
        int head = task / tasksPerHead();
        // The last queries see most keys: they start first.
        int group = tasksPerHead() - 1 - task % tasksPerHead();
        int b = head / H;
        int h = head % H;
        int firstPanel = group * panelsPerTask;
        int lastPanel = Math.min(panels(), firstPanel + panelsPerTask);
        int seen = Math.min(keys, start + lastPanel * GemmTile.WIDTH);

        long keyTable = workers.workspace(worker).address(scratchBytes());
        long packedKeys = keyTable + Packing.tableBytes(keys);
        long packedValues = packedKeys + Gemm.packedBytes(keys, D);
        long offset = (long) h * D * Float.BYTES;
        long sequence = (long) b * keyCapacity * kvStride;
        Packing.strided(keyTable, k + sequence, kvStride, seen);
        for (int j = 0; j < seen; j += KEYS) {
            long block = packedKeys + (long) j * D * Float.BYTES;
            Packing.rows(keyTable + (long) j * Long.BYTES, Math.min(KEYS, seen - j), offset, D, block);
        }
        HeadTiles.channels(v + sequence + offset, kvStride, seen, D, packedValues);
        long rest = packedValues + HeadTiles.channelBytes(keys, D);
        for (int panel = firstPanel; panel < lastPanel; panel++) {
            queries(b, h, panel * GemmTile.WIDTH, seen, packedKeys, packedValues, rest);
        }
    }

    /// WIDTH queries from `first` on.
    private void queries(int b, int h, int first, int packed, long packedKeys, long packedValues, long scratch) {
        int count = Math.min(GemmTile.WIDTH, T - first);
        long output = scratch + Packing.tableBytes(GemmTile.WIDTH) + D * GemmTile.ROW_BYTES;
        loadQueries(b, h, first, count, scratch);
        attend(b, h, first, Math.min(packed, start + first + count), packed, packedKeys, packedValues, scratch);
        boolean finite = HeadTiles.finite(output, D);
        for (int i = 0; i < count; i++) {
            if (!finite) {
                // A later value that is no number would reach this query as 0 * NaN: without later keys again.
                int seen = Math.min(packed, start + first + i + 1);
                attend(b, h, first, seen, packed, packedKeys, packedValues, scratch);
            }
            if (!finite || i == 0) {
                finish(b, h, first, i, finite ? count : i + 1, scratch);
            }
        }
    }

    /// Output, maxima and sums of a panel of queries over the first `seen` keys.
    private void attend(
            int b, int h, int first, int seen, int packed, long packedKeys, long packedValues, long scratch) {
        long query = scratch + Packing.tableBytes(GemmTile.WIDTH);
        long output = query + D * GemmTile.ROW_BYTES;
        long max = output + D * GemmTile.ROW_BYTES;
        long scores = max + OnlineSoftmax.ROWS * GemmTile.ROW_BYTES;
        OnlineSoftmax.begin(max);
        for (int j = 0; j < seen; j += KEYS) {
            int block = Math.min(KEYS, seen - j);
            multiplyKeys(packedKeys + (long) j * D * Float.BYTES, Math.min(KEYS, packed - j), block, query, scores);
            hidePadding(b, j, block, scores);
            OnlineSoftmax.add(scores, block, start + first - j, max, output, D, j == 0);
            if (dropout > 0) {
                drop(b, h, first, j, block, scores, scores + KEYS * GemmTile.ROW_BYTES);
            }
            HeadTiles.multiplyChannels(packedValues, j, packed, block, D, scores, output, j > 0);
        }
    }

    private void loadQueries(int b, int h, int first, int count, long table) {
        long query = table + Packing.tableBytes(GemmTile.WIDTH);
        long rows = q + ((long) b * T + first) * qStride + (long) h * D * Float.BYTES;
        HeadTiles.toPanel(rows, qStride, count, D, query, table);
        HeadTiles.scale(query, D, (float) (VectorMath.LOG2_E_EXACT / Math.sqrt(D)));
    }

    /// The tiles of a block of keys that hold its first `wanted`.
    private void multiplyKeys(long block, int packed, int wanted, long query, long scores) {
        int tiles = RowTiles.count(packed);
        for (int t = 0; t < tiles && RowTiles.first(packed, tiles, t) < wanted; t++) {
            int row = RowTiles.first(packed, tiles, t);
            int count = RowTiles.size(packed, tiles, t);
            long tile = block + (long) row * D * Float.BYTES;
            long target = scores + row * GemmTile.ROW_BYTES;
            GemmTile.TILE.multiply(count, D, tile, query, target, GemmTile.ROW_BYTES, false);
        }
    }

    private void hidePadding(int b, int firstKey, int count, long scores) {
        if (padding == 0) {
            return;
        }
        FloatVector unseen = Lanes.broadcast(OnlineSoftmax.UNSEEN);
        for (int j = 0; j < count; j++) {
            if (Lanes.getInt(padding + ((long) b * keyCapacity + firstKey + j) * Integer.BYTES) != 0) {
                Lanes.store(unseen, scores + j * GemmTile.ROW_BYTES);
                Lanes.store(unseen, scores + j * GemmTile.ROW_BYTES + Lanes.BYTES);
            }
        }
    }

    /// Drops probabilities. A query's draws are consecutive, so they are made in rows of keys and turned.
    private void drop(int b, int h, int first, int firstKey, int keys, long scores, long scratch) {
        int count = Math.min(GemmTile.WIDTH, T - first);
        long index = (((long) b * H + h) * T + first) * T + firstKey;
        long words = scratch + Packing.tableBytes(GemmTile.WIDTH);
        long turned = words + GemmTile.WIDTH * PhiloxWords.rowBytes(KEYS);
        PhiloxWords.rows(words, seed, stream, index, T, count, KEYS);
        for (int i = 0; i < GemmTile.WIDTH; i++) {
            long row = PhiloxWords.row(words, index, T, Math.min(i, count - 1), KEYS);
            Lanes.setLong(scratch + (long) i * Long.BYTES, row);
        }
        Packing.tokens(scratch, GemmTile.WIDTH, 0, KEYS, turned);
        CpuDropout.drop(scores, scores, turned, keys * GemmTile.WIDTH, dropout);
    }

    /// Divides by the sums and stores the queries `from ... to - 1` of a panel.
    private void finish(int b, int h, int first, int from, int to, long scratch) {
        long output = scratch + Packing.tableBytes(GemmTile.WIDTH) + D * GemmTile.ROW_BYTES;
        long max = output + D * GemmTile.ROW_BYTES;
        long sum = max + GemmTile.ROW_BYTES;
        OnlineSoftmax.normalize(output, sum, D);
        long target = y + ((long) b * T + first + from) * yStride + (long) h * D * Float.BYTES;
        HeadTiles.fromPanel(output + (long) from * Float.BYTES, D, to - from, target, yStride, scratch);
        if (logSumExp == 0) {
            return;
        }
        long row = logSumExp + (((long) b * H + h) * T + first) * Float.BYTES;
        for (int i = from; i < to; i++) {
            long lane = (long) i * Float.BYTES;
            double value = Lanes.get(max + lane) * VectorMath.LN_2 + StrictMath.log(Lanes.get(sum + lane));
            Lanes.set(row + lane, (float) value);
        }
    }
}
