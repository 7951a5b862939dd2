package dev.tandem.cpu;

import dev.tandem.engine.Tensor;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// One query per head against the cache: bound by memory, so keys and values are read where they lie.
final class DecodeStep {
    private final Workers workers;

    private int H;
    private int D;
    private int C;
    private int P;
    private int seen;
    private long y;
    private long qkv;
    private long keys;
    private long values;

    DecodeStep(Workers workers) {
        this.workers = workers;
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
    }

    void run(int head, int worker) {
        int b = head / H;
        long row = (long) C * Float.BYTES;
        long offset = (long) (head % H) * D * Float.BYTES;
        long query = qkv + 3L * b * row + offset;
        long sequence = (long) b * P * row + offset;
        long scores = workers.workspace(worker).address((long) seen * Float.BYTES);
        float scale = (float) (1 / Math.sqrt(D));
        for (int j = 0; j < seen; j++) {
            Lanes.set(scores + (long) j * Float.BYTES, scale * Rows.dot(query, keys + sequence + j * row, D));
        }
        float max = Rows.max(scores, seen);
        float sum = Rows.exponentials(scores, scores, max, seen);
        mix(y + b * row + offset, scores, values + sequence, row, seen, D, 1 / sum);
    }

    /// `y[d] = factor * sum over j of weights[j] * values[j][d]`, four vectors of y at a time.
    private static void mix(long y, long weights, long values, long stride, int count, int D, float factor) {
        int step = 4 * Lanes.LENGTH;
        int d = 0;
        for (; d <= D - step; d += step) {
            long from = values + (long) d * Float.BYTES;
            FloatVector s0 = FloatVector.zero(Lanes.F32);
            FloatVector s1 = s0;
            FloatVector s2 = s0;
            FloatVector s3 = s0;
            for (int j = 0; j < count; j++) {
                FloatVector weight = Lanes.broadcast(Lanes.get(weights + (long) j * Float.BYTES));
                long at = from + j * stride;
                s0 = weight.fma(Lanes.load(at), s0);
                s1 = weight.fma(Lanes.load(at + Lanes.BYTES), s1);
                s2 = weight.fma(Lanes.load(at + 2L * Lanes.BYTES), s2);
                s3 = weight.fma(Lanes.load(at + 3L * Lanes.BYTES), s3);
            }
            long to = y + (long) d * Float.BYTES;
            Lanes.store(s0.mul(factor), to);
            Lanes.store(s1.mul(factor), to + Lanes.BYTES);
            Lanes.store(s2.mul(factor), to + 2L * Lanes.BYTES);
            Lanes.store(s3.mul(factor), to + 3L * Lanes.BYTES);
        }
        for (; d < D; d += Lanes.LENGTH) {
            VectorMask<Float> lanes = Lanes.tail(d, D);
            FloatVector sum = FloatVector.zero(Lanes.F32);
            for (int j = 0; j < count; j++) {
                FloatVector weight = Lanes.broadcast(Lanes.get(weights + (long) j * Float.BYTES));
                sum = weight.fma(Lanes.load(values + (long) d * Float.BYTES + j * stride, lanes), sum);
            }
            Lanes.store(sum.mul(factor), y + (long) d * Float.BYTES, lanes);
        }
    }
}
