package dev.tandem.cpu;

import dev.tandem.engine.Tensor;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// One query per head against the cache: bound by memory, so keys and values are read where they lie.
///
/// A task takes adjacent heads, whose parts of a position lie side by side: of one head alone they are short pieces,
/// each in another page, which the processor cannot foresee. It takes some positions at a time, which stay in a cache
/// for all its heads, and asks for those that come next.
final class DecodeStep {
    /// What a task reads of the positions that it takes at a time: a part of the second-level cache.
    private static final int BLOCK_BYTES = 64 << 10;
    /// The same where it asks for those that come next, a head's share after another: a core that asks for more lines
    /// at once than it can wait for stands still.
    private static final int ASKED_BYTES = 24 << 10;
    private static final int LEAST_POSITIONS = 4;
    private static final int MOST_POSITIONS = 64;

    private final Workers workers;
    private final HeldMemory held;

    private int H;
    private int D;
    private int C;
    private int P;
    private int groups;
    private int seen;
    private long y;
    private long qkv;
    private long keys;
    private long values;

    DecodeStep(Workers workers, HeldMemory held) {
        this.workers = workers;
        this.held = held;
    }

    void operands(Tensor y, Tensor qkv, long keys, long values, int P, int seen, int H) {
        this.H = H;
        this.C = y.shape().extent(2);
        this.D = C / H;
        this.P = P;
        this.seen = seen;
        this.y = CpuStorage.address(y);
        this.qkv = CpuStorage.address(qkv);
        this.keys = keys;
        this.values = values;
        this.groups = groups(y.shape().extent(0), H, workers.threads());
    }

    /// Groups of heads in each sequence: as few as give all threads the same work.
    private static int groups(int B, int H, int threads) {
        for (int groups = Math.ceilDiv(threads, B); groups < H; groups++) {
            if (B * groups % threads == 0) {
                return groups;
            }
        }
        return H;
    }

    int tasks(int B) {
        return B * groups;
    }

    void run(int task, int worker) {
        int b = task / groups;
        int firstHead = Split.first(H, groups, task % groups);
        int heads = Split.first(H, groups, task % groups + 1) - firstHead;
        long row = (long) C * Float.BYTES;
        long offset = (long) firstHead * D * Float.BYTES;
        long sequence = (long) b * P * row + offset;
        long scoreBytes = Workspace.aligned((long) seen * Float.BYTES);
        long scores = workers.workspace(worker).address(heads * (scoreBytes + Float.BYTES));
        long sums = scores + heads * scoreBytes;
        long result = y + b * row + offset;

        score(heads, qkv + 3L * b * row + offset, keys + sequence, values + sequence, scores, scoreBytes);
        for (int h = 0; h < heads; h++) {
            long score = scores + h * scoreBytes;
            float sum = Rows.exponentials(score, score, Rows.max(score, seen), seen);
            Lanes.set(sums + (long) h * Float.BYTES, sum);
        }
        mix(heads, result, values + sequence, scores, scoreBytes);
        for (int h = 0; h < heads; h++) {
            long of = result + (long) h * D * Float.BYTES;
            Rows.scale(of, of, 1 / Lanes.get(sums + (long) h * Float.BYTES), D);
        }
    }

    /// Scores of all positions, while the first values are asked for.
    private void score(int heads, long query, long keys, long values, long scores, long scoreBytes) {
        long row = (long) C * Float.BYTES;
        long headBytes = (long) D * Float.BYTES;
        float scale = (float) (1 / Math.sqrt(D));
        int most = positions(heads);
        for (int j = 0; j < seen; j += most) {
            int count = Math.min(most, seen - j);
            long next = j + count < seen ? keys + (j + count) * row : values;
            for (int h = 0; h < heads; h++) {
                ask(next, h, heads);
                long target = scores + h * scoreBytes + (long) j * Float.BYTES;
                products(query + h * headBytes, keys + j * row + h * headBytes, row, count, D, scale, target);
            }
        }
    }

    /// `y[d] = sum over j of weights[j] * values[j][d]` for each head.
    private void mix(int heads, long y, long values, long weights, long weightBytes) {
        long row = (long) C * Float.BYTES;
        long headBytes = (long) D * Float.BYTES;
        int most = positions(heads);
        Lanes.fill(y, heads * headBytes, (byte) 0);
        for (int j = 0; j < seen; j += most) {
            int count = Math.min(most, seen - j);
            for (int h = 0; h < heads; h++) {
                if (j + count < seen) {
                    ask(values + (j + count) * row, h, heads);
                }
                long weight = weights + h * weightBytes + (long) j * Float.BYTES;
                addProducts(y + h * headBytes, weight, values + j * row + h * headBytes, row, count, D);
            }
        }
    }

    /// How many are taken at a time.
    private int positions(int heads) {
        int bytes = held.cached() ? BLOCK_BYTES : ASKED_BYTES;
        return Math.clamp(bytes / ((long) heads * D * Float.BYTES), LEAST_POSITIONS, MOST_POSITIONS);
    }

    /// Asks for a head's share of the positions from `first` on, of all heads.
    private void ask(long first, int head, int heads) {
        if (held.cached()) {
            return;
        }
        long row = (long) C * Float.BYTES;
        int positions = positions(heads);
        int last = Split.first(positions, heads, head + 1);
        for (int j = Split.first(positions, heads, head); j < last; j++) {
            Prefetch.lines(first + j * row, (long) heads * D * Float.BYTES);
        }
    }

    /// `scores[j] = scale * sum over d of query[d] * keys[j][d]`, four positions side by side; those that are
    /// missing in the end are the last one again.
    private static void products(long query, long keys, long stride, int count, int D, float scale, long scores) {
        for (int j = 0; j < count; j += 4) {
            int j1 = Math.min(j + 1, count - 1);
            int j2 = Math.min(j + 2, count - 1);
            int j3 = Math.min(j + 3, count - 1);
            FloatVector s0 = FloatVector.zero(Lanes.F32);
            FloatVector s1 = s0;
            FloatVector s2 = s0;
            FloatVector s3 = s0;
            int d = 0;
            for (int bound = Lanes.F32.loopBound(D); d < bound; d += Lanes.LENGTH) {
                long at = (long) d * Float.BYTES;
                FloatVector q = Lanes.load(query + at);
                s0 = q.fma(Lanes.load(keys + j * stride + at), s0);
                s1 = q.fma(Lanes.load(keys + j1 * stride + at), s1);
                s2 = q.fma(Lanes.load(keys + j2 * stride + at), s2);
                s3 = q.fma(Lanes.load(keys + j3 * stride + at), s3);
            }
            if (d < D) {
                VectorMask<Float> tail = Lanes.tail(d, D);
                long at = (long) d * Float.BYTES;
                FloatVector q = Lanes.load(query + at, tail);
                s0 = q.fma(Lanes.load(keys + j * stride + at, tail), s0);
                s1 = q.fma(Lanes.load(keys + j1 * stride + at, tail), s1);
                s2 = q.fma(Lanes.load(keys + j2 * stride + at, tail), s2);
                s3 = q.fma(Lanes.load(keys + j3 * stride + at, tail), s3);
            }
            Lanes.set(scores + (long) j * Float.BYTES, scale * Lanes.sum(s0));
            Lanes.set(scores + (long) j1 * Float.BYTES, scale * Lanes.sum(s1));
            Lanes.set(scores + (long) j2 * Float.BYTES, scale * Lanes.sum(s2));
            Lanes.set(scores + (long) j3 * Float.BYTES, scale * Lanes.sum(s3));
        }
    }

    /// `y[d] += sum over j of weights[j] * values[j][d]`, four vectors of y at a time.
    private static void addProducts(long y, long weights, long values, long stride, int count, int D) {
        int step = 4 * Lanes.LENGTH;
        int d = 0;
        for (; d <= D - step; d += step) {
            long from = values + (long) d * Float.BYTES;
            long to = y + (long) d * Float.BYTES;
            FloatVector s0 = Lanes.load(to);
            FloatVector s1 = Lanes.load(to + Lanes.BYTES);
            FloatVector s2 = Lanes.load(to + 2L * Lanes.BYTES);
            FloatVector s3 = Lanes.load(to + 3L * Lanes.BYTES);
            for (int j = 0; j < count; j++) {
                FloatVector weight = Lanes.broadcast(Lanes.get(weights + (long) j * Float.BYTES));
                long at = from + j * stride;
                s0 = weight.fma(Lanes.load(at), s0);
                s1 = weight.fma(Lanes.load(at + Lanes.BYTES), s1);
                s2 = weight.fma(Lanes.load(at + 2L * Lanes.BYTES), s2);
                s3 = weight.fma(Lanes.load(at + 3L * Lanes.BYTES), s3);
            }
            Lanes.store(s0, to);
            Lanes.store(s1, to + Lanes.BYTES);
            Lanes.store(s2, to + 2L * Lanes.BYTES);
            Lanes.store(s3, to + 3L * Lanes.BYTES);
        }
        for (; d < D; d += Lanes.LENGTH) {
            VectorMask<Float> lanes = Lanes.tail(d, D);
            long to = y + (long) d * Float.BYTES;
            FloatVector sum = Lanes.load(to, lanes);
            for (int j = 0; j < count; j++) {
                FloatVector weight = Lanes.broadcast(Lanes.get(weights + (long) j * Float.BYTES));
                sum = weight.fma(Lanes.load(values + (long) d * Float.BYTES + j * stride, lanes), sum);
            }
            Lanes.store(sum, to, lanes);
        }
    }
}
