package dev.tandem.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/// Attention of WIDTH queries at a time over blocks of keys, with running maximum and sum.
///
/// Queries are lanes: `s[key][query]`, `o[channel][query]`. Powers are of 2; the scale of the scores holds
/// the logarithm. A query's result depends on its own row only, not on how queries are cut into tasks.
final class AttentionForward {
    /// Keys of a block: scores and packed keys stay in the first-level cache.
    static final int KEYS = 96;

    private static final float UNSEEN = Float.NEGATIVE_INFINITY;

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
        return 2 * (Packing.tableBytes(keys) + Gemm.packedBytes(keys, D))
                + Packing.tableBytes(GemmTile.WIDTH)
                + (2L * D + KEYS + 2) * GemmTile.ROW_BYTES
                + Workspace.aligned((long) Uniforms.room(KEYS) * Float.BYTES);
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
        Packing.strided(keyTable, v + sequence, kvStride, seen);
        HeadTiles.channels(keyTable, seen, offset, D, packedValues);
        long rest = packedValues + Gemm.packedBytes(keys, D);
        for (int panel = firstPanel; panel < lastPanel; panel++) {
            queries(b, h, panel * GemmTile.WIDTH, seen, packedKeys, packedValues, rest);
        }
    }

    /// WIDTH queries from `first` on.
    private void queries(int b, int h, int first, int packed, long packedKeys, long packedValues, long scratch) {
        long table = scratch;
        long query = table + Packing.tableBytes(GemmTile.WIDTH);
        long output = query + D * GemmTile.ROW_BYTES;
        long scores = output + D * GemmTile.ROW_BYTES;
        long max = scores + KEYS * GemmTile.ROW_BYTES;
        long sum = max + GemmTile.ROW_BYTES;
        long draws = sum + GemmTile.ROW_BYTES;
        int count = Math.min(GemmTile.WIDTH, T - first);
        loadQueries(b, h, first, count, table, query);
        int seen = Math.min(packed, start + first + count);
        for (int j = 0; j < seen; j += KEYS) {
            int block = Math.min(KEYS, seen - j);
            multiplyKeys(packedKeys + (long) j * D * Float.BYTES, Math.min(KEYS, packed - j), block, query, scores);
            hidePadding(b, j, block, scores);
            int diagonal = start + first - j;
            softmax(scores, block, diagonal, max, sum, output, D, j == 0);
            softmax(
                    scores + Lanes.BYTES,
                    block,
                    diagonal + Lanes.LENGTH,
                    max + Lanes.BYTES,
                    sum + Lanes.BYTES,
                    output + Lanes.BYTES,
                    D,
                    j == 0);
            if (dropout > 0) {
                drop(b, h, first, count, j, block, scores, draws);
            }
            HeadTiles.multiplyChannels(packedValues, j, packed, block, D, scores, output, j > 0);
        }
        finish(b, h, first, count, output, max, sum, table);
    }

    private void loadQueries(int b, int h, int first, int count, long table, long query) {
        Packing.strided(table, q + ((long) b * T + first) * qStride, qStride, count);
        long last = Lanes.getLong(table + (count - 1L) * Long.BYTES);
        for (int i = count; i < GemmTile.WIDTH; i++) {
            Lanes.setLong(table + (long) i * Long.BYTES, last);
        }
        HeadTiles.toPanel(table, (long) h * D * Float.BYTES, D, query);
        HeadTiles.scale(query, D, (float) (VectorMath.LOG2_E_EXACT / Math.sqrt(D)));
    }

    /// The tiles of a block of keys that hold its first `wanted`.
    private void multiplyKeys(long block, int packed, int wanted, long query, long scores) {
        int tiles = Split.parts(packed, GemmTile.ROWS);
        for (int t = 0; t < tiles && Split.first(packed, tiles, t) < wanted; t++) {
            int row = Split.first(packed, tiles, t);
            int count = Split.first(packed, tiles, t + 1) - row;
            long tile = block + (long) row * D * Float.BYTES;
            GemmTile.TILE.multiply(
                    count, D, tile, query, scores + row * GemmTile.ROW_BYTES, GemmTile.ROW_BYTES, false);
        }
    }

    private void hidePadding(int b, int firstKey, int count, long scores) {
        if (padding == 0) {
            return;
        }
        FloatVector unseen = Lanes.broadcast(UNSEEN);
        for (int j = 0; j < count; j++) {
            if (Lanes.getInt(padding + ((long) b * keyCapacity + firstKey + j) * Integer.BYTES) != 0) {
                Lanes.store(unseen, scores + j * GemmTile.ROW_BYTES);
                Lanes.store(unseen, scores + j * GemmTile.ROW_BYTES + Lanes.BYTES);
            }
        }
    }

    /// Turns the scores of one vector of queries into powers, and brings maximum, sum and output up to date.
    ///
    /// @param diagonal lane i sees the keys up to `diagonal + i`
    private static void softmax(
            long scores, int count, int diagonal, long max, long sum, long output, int D, boolean first) {
        for (int j = Math.max(0, diagonal + 1); j < count; j++) {
            VectorMask<Float> unseen = Lanes.tail(0, j - diagonal);
            long at = scores + j * GemmTile.ROW_BYTES;
            Lanes.store(Lanes.load(at).blend(UNSEEN, unseen), at);
        }
        FloatVector before = first ? Lanes.broadcast(UNSEEN) : Lanes.load(max);
        FloatVector largest = before;
        for (int j = 0; j < count; j++) {
            FloatVector score = Lanes.load(scores + j * GemmTile.ROW_BYTES);
            largest = largest.blend(score, score.compare(VectorOperators.GT, largest));
        }
        // Where nothing is seen yet, any finite shift gives powers of 0.
        FloatVector shift = largest.blend(0, largest.compare(VectorOperators.EQ, UNSEEN));
        FloatVector total = FloatVector.zero(Lanes.F32);
        for (int j = 0; j < count; j++) {
            long at = scores + j * GemmTile.ROW_BYTES;
            FloatVector power = VectorMath.exp2(Lanes.load(at).sub(shift));
            Lanes.store(power, at);
            total = total.add(power);
        }
        Lanes.store(largest, max);
        if (first) {
            Lanes.store(total, sum);
            return;
        }
        FloatVector fading = VectorMath.exp2(before.sub(shift));
        Lanes.store(Lanes.load(sum).fma(fading, total), sum);
        HeadTiles.scaleLanes(output, D, fading);
    }

    private void drop(int b, int h, int first, int count, int firstKey, int keys, long scores, long draws) {
        float scale = (float) (1 / (1 - (double) dropout));
        for (int i = 0; i < count; i++) {
            long index = (((long) b * H + h) * T + first + i) * T + firstKey;
            long row = Uniforms.write(draws, seed, stream, index, keys);
            long lane = scores + (long) i * Float.BYTES;
            for (int j = 0; j < keys; j++) {
                long at = lane + j * GemmTile.ROW_BYTES;
                boolean kept = Lanes.get(row + (long) j * Float.BYTES) >= dropout;
                Lanes.set(at, kept ? Lanes.get(at) * scale : 0);
            }
        }
    }

    private void finish(int b, int h, int first, int count, long output, long max, long sum, long table) {
        for (int half = 0; half < 2; half++) {
            long lanes = (long) half * Lanes.BYTES;
            FloatVector total = Lanes.load(sum + lanes);
            FloatVector inverse = Lanes.broadcast(1).div(total);
            inverse = inverse.blend(0, total.compare(VectorOperators.EQ, 0));
            HeadTiles.scaleLanes(output + lanes, D, inverse);
        }
        long to = y + ((long) b * T + first) * yStride + (long) h * D * Float.BYTES;
        HeadTiles.fromPanel(output, D, count, to, yStride, table);
        if (logSumExp == 0) {
            return;
        }
        long row = logSumExp + (((long) b * H + h) * T + first) * Float.BYTES;
        for (int i = 0; i < count; i++) {
            long lane = (long) i * Float.BYTES;
            double value = Lanes.get(max + lane) * VectorMath.LN_2 + StrictMath.log(Lanes.get(sum + lane));
            Lanes.set(row + lane, (float) value);
        }
    }
}
