package dev.tandem.cpu;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Dispatch;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.Routing;

/// Moves tokens to expert rows and back; bound by memory.
///
/// What writes tokens is divided by tokens. What writes expert rows gives each worker a part of the rows and lets it
/// go through all tokens: an expert's neighbouring rows come from different blocks of tokens, and a core that reads
/// ahead of what it writes takes its neighbour's row away from the core that writes it. `scatter` does so while the
/// caches hold what it moves; from memory, it is bound by the tokens that each worker reads, and `gatherBackward` by
/// its rows.
///
/// Where experts do not lie in their order, a row may be in two parts: both workers then write the same.
final class CpuDispatch implements Dispatch {
    private final Workers workers;
    private final long cached;
    private final ChoiceRows rowOf;
    private final Workers.Task scatterByTokens = this::scatterBlock;
    private final Workers.Task scatterByRows = this::scatterPart;
    private final Workers.Task gather = this::gatherTokens;
    private final Workers.Task gatherBackward = this::gatherBackwardPart;

    private int N;
    private int C;
    private int K;
    private int R;
    private int block;
    private int blocks;
    private int parts;
    private boolean weighted;
    private long tokens;
    private long expertRows;
    private long dExpertRows;
    private long dWeight;
    private long weight;

    /// @param cached bytes of one call that the caches are taken to hold
    CpuDispatch(Workers workers, long cached) {
        this.workers = workers;
        this.cached = cached;
        rowOf = new ChoiceRows(workers);
    }

    @Override
    public void scatter(Tensor expertX, Tensor x, Routing routing, ExpertRows rows) {
        operands(expertX, x, routing, rows);
        if ((1L + K) * N * rowBytes() <= cached) {
            workers.run(parts, scatterByRows);
        } else {
            workers.run(blocks, scatterByTokens);
        }
    }

    @Override
    public void scatterBackward(Tensor dx, Tensor dExpertX, Routing routing, ExpertRows rows) {
        operands(dExpertX, dx, routing, rows);
        weighted = false;
        workers.run(blocks, gather);
    }

    @Override
    public void gather(Tensor y, Tensor expertY, Routing routing, ExpertRows rows) {
        operands(expertY, y, routing, rows);
        weighted = true;
        workers.run(blocks, gather);
    }

    @Override
    public void gatherBackward(
            Tensor dExpertY, Tensor dWeight, Tensor dy, Tensor expertY, Routing routing, ExpertRows rows) {
        operands(expertY, dy, routing, rows);
        this.dExpertRows = CpuStorage.address(dExpertY);
        this.dWeight = CpuStorage.address(dWeight);
        workers.run(parts, gatherBackward);
    }

    private void operands(Tensor expertX, Tensor x, Routing routing, ExpertRows rows) {
        N = (int) x.shape().rows();
        C = x.shape().last();
        K = routing.expert().shape().last();
        R = (int) expertX.shape().rows();
        block = Blocks.rows(C);
        blocks = Math.ceilDiv(N, block);
        parts = Math.min(blocks, workers.threads());
        tokens = CpuStorage.address(x);
        expertRows = CpuStorage.address(expertX);
        weight = CpuStorage.address(routing.weight());
        rowOf.find(routing, rows);
    }

    private long rowBytes() {
        return (long) C * Float.BYTES;
    }

    private void scatterBlock(int part, int worker) {
        scatter(part * block, Math.min(N, (part + 1) * block), 0, R);
    }

    private void scatterPart(int part, int worker) {
        scatter(0, N, rowOf.firstOfPart(part, parts), rowOf.firstOfPart(part + 1, parts));
    }

    /// To rows `from..to-1`, two of a token in one pass.
    private void scatter(int firstToken, int lastToken, int from, int to) {
        for (int n = firstToken; n < lastToken; n++) {
            long token = tokens + n * rowBytes();
            int waiting = ChoiceRows.UNSERVED;
            for (int choice = n * K; choice < (n + 1) * K; choice++) {
                int row = rowOf.of(choice);
                if (row < from || row >= to) {
                    continue;
                }
                if (waiting < 0) {
                    waiting = row;
                } else {
                    Rows.copyToBoth(row(waiting), row(row), token, C);
                    waiting = ChoiceRows.UNSERVED;
                }
            }
            if (waiting >= 0) {
                Rows.copy(row(waiting), token, C);
            }
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
        int end = (n + 1) * K;
        int first = served(n * K, end);
        int second = served(first + 1, end);
        if (first == end) {
            Lanes.fill(token, rowBytes(), (byte) 0);
        } else if (second >= end) {
            Rows.scale(token, rowOfChoice(first), weight(first), C);
        } else {
            Rows.scaledSum(token, rowOfChoice(first), weight(first), rowOfChoice(second), weight(second), C);
        }
        for (int choice = served(second + 1, end); choice < end; choice = served(choice + 1, end)) {
            Rows.addScaled(token, rowOfChoice(choice), weight(choice), C);
        }
    }

    /// The first choice from one on that is served, or the end.
    private int served(int from, int end) {
        int choice = from;
        while (choice < end && rowOf.of(choice) < 0) {
            choice++;
        }
        return choice;
    }

    private long row(int row) {
        return expertRows + row * rowBytes();
    }

    private long rowOfChoice(int choice) {
        return row(rowOf.of(choice));
    }

    private float weight(int choice) {
        return weighted ? Lanes.get(weight + (long) choice * Float.BYTES) : 1;
    }

    /// Asks for the rows that the next token reads: they lie at random places, which the processor cannot foresee.
    private void askForNext(int n, int last) {
        if (n + 1 == last) {
            return;
        }
        for (int choice = (n + 1) * K; choice < (n + 2) * K; choice++) {
            if (rowOf.of(choice) >= 0) {
                Prefetch.lines(rowOfChoice(choice), rowBytes());
            }
        }
    }

    private void gatherBackwardPart(int part, int worker) {
        int from = rowOf.firstOfPart(part, parts);
        int to = rowOf.firstOfPart(part + 1, parts);
        for (int choice = among(from, to, 0), next; choice < N * K; choice = next) {
            next = among(from, to, choice + 1);
            if (next < N * K) {
                Prefetch.lines(rowOfChoice(next), rowBytes());
            }
            long dy = tokens + choice / K * rowBytes();
            long target = dExpertRows + rowOf.of(choice) * rowBytes();
            float share = Lanes.get(weight + (long) choice * Float.BYTES);
            setGradient(choice, Rows.scaleAndDot(target, dy, share, rowOfChoice(choice), C));
        }
        if (part == 0) {
            int unserved = ChoiceRows.UNSERVED;
            for (int choice = among(unserved, 0, 0); choice < N * K; choice = among(unserved, 0, choice + 1)) {
                setGradient(choice, 0);
            }
        }
    }

    /// The first choice from one on whose row is among `from..to-1`, or the end.
    private int among(int from, int to, int first) {
        int choice = first;
        while (choice < N * K && (rowOf.of(choice) < from || rowOf.of(choice) >= to)) {
            choice++;
        }
        return choice;
    }

    private void setGradient(int choice, float gradient) {
        Lanes.set(dWeight + (long) choice * Float.BYTES, gradient);
    }
}
