package dev.tandem.cpu;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Attention;
import dev.tandem.engine.kernel.KvCache;
import java.util.Optional;

/// Attention, divided by sequences and heads, and where these are few by queries too.
final class CpuAttention implements Attention {
    private static final int TASKS_PER_THREAD = 4;
    // Each task packs the keys and values that it sees: more tasks than needed would show, and with fewer queries
    // even those.
    private static final int LEAST_PANELS = 4;

    private final Workers workers;
    private final AttentionForward sequences;
    private final AttentionGradients gradients = new AttentionGradients();
    private final HeadGradient[] heads;
    private final DecodeStep step;
    private final Workers.Task forward;
    private final Workers.Task backward = this::backwardHead;
    private final Workers.Task decode;

    CpuAttention(Workers workers, HeldMemory held) {
        this.workers = workers;
        sequences = new AttentionForward(workers);
        forward = sequences::run;
        step = new DecodeStep(workers, held);
        decode = step::run;
        heads = new HeadGradient[workers.threads()];
        for (int worker = 0; worker < heads.length; worker++) {
            heads[worker] = new HeadGradient(gradients);
        }
    }

    @Override
    public void forward(
            Tensor y,
            Tensor logSumExp,
            Tensor qkv,
            Optional<Tensor> padding,
            int H,
            float dropout,
            long seed,
            long stream) {
        int T = y.shape().extent(1);
        int C = y.shape().extent(2);
        long row = (long) C * Float.BYTES;
        queries(y, qkv, H);
        sequences.keys = T;
        sequences.start = 0;
        sequences.logSumExp = CpuStorage.address(logSumExp);
        sequences.k = sequences.q + row;
        sequences.v = sequences.q + 2 * row;
        sequences.kvStride = 3 * row;
        sequences.keyCapacity = T;
        sequences.padding = CpuStorage.address(padding);
        sequences.dropout = dropout;
        sequences.seed = seed;
        sequences.stream = stream;
        workers.run(tasks(y.shape().extent(0) * H), forward);
    }

    @Override
    public void backward(
            Tensor dqkv,
            Tensor dy,
            Tensor y,
            Tensor logSumExp,
            Tensor qkv,
            Optional<Tensor> padding,
            int H,
            float dropout,
            long seed,
            long stream) {
        gradients.T = y.shape().extent(1);
        gradients.H = H;
        gradients.D = y.shape().extent(2) / H;
        gradients.dqkv = CpuStorage.address(dqkv);
        gradients.dy = CpuStorage.address(dy);
        gradients.y = CpuStorage.address(y);
        gradients.logSumExp = CpuStorage.address(logSumExp);
        gradients.qkv = CpuStorage.address(qkv);
        gradients.padding = CpuStorage.address(padding);
        gradients.dropout = dropout;
        gradients.seed = seed;
        gradients.stream = stream;
        workers.run(y.shape().extent(0) * H, backward);
    }

    @Override
    public void decode(Tensor y, Tensor qkv, KvCache cache, int start, int H) {
        int B = y.shape().extent(0);
        int T = y.shape().extent(1);
        int C = y.shape().extent(2);
        int P = cache.keys().shape().extent(1);
        long keys = CpuStorage.address(cache.keys());
        long values = CpuStorage.address(cache.values());
        append(CpuStorage.address(qkv), keys, values, B, T, C, P, start);
        if (T == 1) {
            step.operands(y, qkv, keys, values, P, start + 1, H);
            workers.run(step.tasks(B), decode);
            return;
        }
        queries(y, qkv, H);
        sequences.keys = start + T;
        sequences.start = start;
        sequences.logSumExp = 0;
        sequences.k = keys;
        sequences.v = values;
        sequences.kvStride = (long) C * Float.BYTES;
        sequences.keyCapacity = P;
        sequences.padding = 0;
        sequences.dropout = 0;
        workers.run(tasks(B * H), forward);
    }

    private void backwardHead(int head, int worker) {
        heads[worker].run(head, workers.workspace(worker));
    }

    private void queries(Tensor y, Tensor qkv, int H) {
        int C = y.shape().extent(2);
        sequences.T = y.shape().extent(1);
        sequences.H = H;
        sequences.D = C / H;
        sequences.y = CpuStorage.address(y);
        sequences.yStride = (long) C * Float.BYTES;
        sequences.q = CpuStorage.address(qkv);
        sequences.qStride = 3 * sequences.yStride;
    }

    /// Tasks for so many heads; decides how many panels of queries each of them has.
    private int tasks(int heads) {
        int wanted = Math.ceilDiv(workers.threads() * TASKS_PER_THREAD, heads);
        sequences.panelsPerTask = Math.max(LEAST_PANELS, Math.ceilDiv(sequences.panels(), wanted));
        return heads * sequences.tasksPerHead();
    }

    private static void append(long qkv, long keys, long values, int B, int T, int C, int P, int start) {
        long row = (long) C * Float.BYTES;
        for (int b = 0; b < B; b++) {
            for (int t = 0; t < T; t++) {
                long from = qkv + ((long) b * T + t) * 3 * row;
                long to = ((long) b * P + start + t) * row;
                Lanes.copy(from + row, keys + to, row);
                Lanes.copy(from + 2 * row, values + to, row);
            }
        }
    }
}
