package dev.tandem.cpu;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Dispatch;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.Routing;

/// Moves tokens to expert rows and back, divided by tokens; bound by memory.
final class CpuDispatch implements Dispatch {
    private static final int UNSERVED = -1;

    private final Workers workers;
    private final Workers.Task scatter = this::scatterTokens;
    private final Workers.Task gather = this::gatherTokens;
    private final Workers.Task gatherBackward = this::gatherBackwardTokens;

    private int N;
    private int C;
    private int K;
    private int E;
    private int R;
    private int block;
    private boolean weighted;
    private long tokens;
    private long expertRows;
    private long dExpertRows;
    private long dWeight;
    private long expert;
    private long slot;
    private long weight;
    private long starts;
    private long counts;

    CpuDispatch(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void scatter(Tensor expertX, Tensor x, Routing routing, ExpertRows rows) {
        operands(expertX, x, routing, rows);
        workers.run(Math.ceilDiv(N, block), scatter);
    }

    @Override
    public void scatterBackward(Tensor dx, Tensor dExpertX, Routing routing, ExpertRows rows) {
        operands(dExpertX, dx, routing, rows);
        weighted = false;
        workers.run(Math.ceilDiv(N, block), gather);
    }

    @Override
    public void gather(Tensor y, Tensor expertY, Routing routing, ExpertRows rows) {
        operands(expertY, y, routing, rows);
        weighted = true;
        workers.run(Math.ceilDiv(N, block), gather);
    }

    @Override
    public void gatherBackward(
            Tensor dExpertY, Tensor dWeight, Tensor dy, Tensor expertY, Routing routing, ExpertRows rows) {
        operands(expertY, dy, routing, rows);
        this.dExpertRows = CpuStorage.address(dExpertY);
        this.dWeight = CpuStorage.address(dWeight);
        workers.run(Math.ceilDiv(N, block), gatherBackward);
    }

    private void operands(Tensor expertX, Tensor x, Routing routing, ExpertRows rows) {
        N = (int) x.shape().rows();
        C = x.shape().last();
        K = routing.expert().shape().last();
        E = rows.starts().shape().extent(0);
        R = (int) expertX.shape().rows();
        block = Blocks.rows(C);
        tokens = CpuStorage.address(x);
        expertRows = CpuStorage.address(expertX);
        expert = CpuStorage.address(routing.expert());
        slot = CpuStorage.address(routing.slot());
        weight = CpuStorage.address(routing.weight());
        starts = CpuStorage.address(rows.starts());
        counts = CpuStorage.address(rows.counts());
        verifyRows();
    }

    private void verifyRows() {
        for (int e = 0; e < E; e++) {
            int start = Lanes.getInt(starts + (long) e * Integer.BYTES);
            int count = Lanes.getInt(counts + (long) e * Integer.BYTES);
            if (start < 0 || count < 0 || count > R - start) {
                throw new IllegalArgumentException(
                        "Dispatch: rows.starts[%d] = %d and rows.counts[%d] = %d must lie within the %d rows"
                                .formatted(e, start, e, count, R));
            }
        }
    }

    /// Row of one choice, or -1 if it is not served.
    ///
    /// @throws IllegalArgumentException if routing and rows name no row of this buffer
    private int rowOf(int choice) {
        int place = Lanes.getInt(slot + (long) choice * Integer.BYTES);
        if (place == UNSERVED) {
            return UNSERVED;
        }
        int e = Lanes.getInt(expert + (long) choice * Integer.BYTES);
        if (e < 0 || e >= E) {
            throw wrong("routing.expert", choice, e, E);
        }
        int count = Lanes.getInt(counts + (long) e * Integer.BYTES);
        if (place < 0 || place >= count) {
            throw wrong("routing.slot", choice, place, count);
        }
        return Lanes.getInt(starts + (long) e * Integer.BYTES) + place;
    }

    private IllegalArgumentException wrong(String operand, int choice, int value, int bound) {
        return new IllegalArgumentException("Dispatch: %s[%d, %d] must be in 0..%d, or its slot -1, was %d"
                .formatted(operand, choice / K, choice % K, bound - 1, value));
    }

    private long rowBytes() {
        return (long) C * Float.BYTES;
    }

    private void scatterTokens(int part, int worker) {
        int last = Math.min(N, (part + 1) * block);
        for (int n = part * block; n < last; n++) {
            scatterToken(n);
        }
    }

    /// To the first two rows in one pass.
    private void scatterToken(int n) {
        long token = tokens + n * rowBytes();
        int first = served(n, 0);
        int second = served(n, first + 1);
        if (second < K) {
            Rows.copyToBoth(token, row(n, first), row(n, second), C);
        } else if (first < K) {
            Lanes.copy(token, row(n, first), rowBytes());
        }
        for (int k = served(n, second + 1); k < K; k = served(n, k + 1)) {
            Lanes.copy(token, row(n, k), rowBytes());
        }
    }

    private void gatherTokens(int part, int worker) {
        int last = Math.min(N, (part + 1) * block);
        for (int n = part * block; n < last; n++) {
            askForNext(n, last);
            gatherToken(n);
        }
    }

    /// The first two rows in one pass.
    private void gatherToken(int n) {
        long token = tokens + n * rowBytes();
        int first = served(n, 0);
        int second = served(n, first + 1);
        if (first == K) {
            Lanes.fill(token, rowBytes(), (byte) 0);
        } else if (second == K) {
            Rows.scale(token, row(n, first), weight(n, first), C);
        } else {
            Rows.scaledSum(token, row(n, first), weight(n, first), row(n, second), weight(n, second), C);
        }
        for (int k = served(n, second + 1); k < K; k = served(n, k + 1)) {
            Rows.addScaled(token, row(n, k), weight(n, k), C);
        }
    }

    /// A token's first choice from `k` on that is served, or K.
    private int served(int n, int k) {
        int next = k;
        while (next < K && rowOf(n * K + next) < 0) {
            next++;
        }
        return Math.min(next, K);
    }

    private long row(int n, int k) {
        return expertRows + rowOf(n * K + k) * rowBytes();
    }

    private float weight(int n, int k) {
        return weighted ? Lanes.get(weight + (long) (n * K + k) * Float.BYTES) : 1;
    }

    /// Asks for the rows that the next token reads: they lie at random places, which the processor cannot foresee.
    private void askForNext(int n, int last) {
        if (!Prefetch.AVAILABLE || n + 1 == last) {
            return;
        }
        for (int k = 0; k < K; k++) {
            int row = rowOf((n + 1) * K + k);
            if (row >= 0) {
                Prefetch.lines(expertRows + row * rowBytes(), rowBytes());
            }
        }
    }

    private void gatherBackwardTokens(int part, int worker) {
        int last = Math.min(N, (part + 1) * block);
        for (int n = part * block; n < last; n++) {
            askForNext(n, last);
            long dy = tokens + n * rowBytes();
            for (int k = 0; k < K; k++) {
                int choice = n * K + k;
                int row = rowOf(choice);
                float gradient = 0;
                if (row >= 0) {
                    gradient = Rows.dot(dy, expertRows + row * rowBytes(), C);
                    float share = Lanes.get(weight + (long) choice * Float.BYTES);
                    Rows.scale(dExpertRows + row * rowBytes(), dy, share, C);
                }
                Lanes.set(dWeight + (long) choice * Float.BYTES, gradient);
            }
        }
    }
}
