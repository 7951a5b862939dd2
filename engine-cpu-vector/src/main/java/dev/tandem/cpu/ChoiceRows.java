package dev.tandem.cpu;

import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.Routing;

/// The expert row of each choice `n·K + k`: found, and verified, before any row is moved.
final class ChoiceRows {
    static final int UNSERVED = -1;

    private static final int CHOICES_OF_TASK = 1024;

    private final Workers workers;
    private final Workers.Task find = this::findSome;

    private int[] rowOf = {};
    private int choices;
    private int K;
    private int E;
    private int R;
    private int owned;
    private long expert;
    private long slot;
    private long starts;
    private long counts;

    ChoiceRows(Workers workers) {
        this.workers = workers;
    }

    /// @throws IllegalArgumentException if routing or rows name a row outside the expert buffer
    void find(Routing routing, ExpertRows rows) {
        choices = (int) routing.slot().shape().elements();
        K = routing.slot().shape().last();
        E = rows.starts().shape().extent(0);
        R = (int) rows.choiceOf().shape().elements();
        expert = CpuStorage.address(routing.expert());
        slot = CpuStorage.address(routing.slot());
        starts = CpuStorage.address(rows.starts());
        counts = CpuStorage.address(rows.counts());
        verifyRows();
        if (rowOf.length < choices) {
            rowOf = new int[choices];
        }
        workers.run(Math.ceilDiv(choices, CHOICES_OF_TASK), find);
    }

    /// The row of a choice, or -1 if it is not served.
    int of(int choice) {
        return rowOf[choice];
    }

    /// Where a part of the rows begins; part `parts` begins at R. Each has as many owned rows as the others. Every row
    /// is in a part; where experts do not lie in their order, some rows are in two.
    int firstOfPart(int part, int parts) {
        if (part == 0) {
            return 0;
        }
        if (part == parts) {
            return R;
        }
        int before = (int) ((long) owned * part / parts);
        int e = 0;
        while (before > count(e)) {
            before -= count(e++);
        }
        return start(e) + before;
    }

    private int start(int e) {
        return Lanes.getInt(starts + (long) e * Integer.BYTES);
    }

    private int count(int e) {
        return Lanes.getInt(counts + (long) e * Integer.BYTES);
    }

    private void verifyRows() {
        long sum = 0;
        for (int e = 0; e < E; e++) {
            int start = start(e);
            int count = count(e);
            if (start < 0 || count < 0 || count > R - start) {
                throw new IllegalArgumentException(
                        "Dispatch: rows.starts[%d] = %d and rows.counts[%d] = %d must lie within the %d rows"
                                .formatted(e, start, e, count, R));
            }
            sum += count;
        }
        owned = (int) Math.min(sum, R);
    }

    private void findSome(int part, int worker) {
        int last = Math.min(choices, (part + 1) * CHOICES_OF_TASK);
        for (int choice = part * CHOICES_OF_TASK; choice < last; choice++) {
            rowOf[choice] = verifiedRow(choice);
        }
    }

    private int verifiedRow(int choice) {
        int s = Lanes.getInt(slot + (long) choice * Integer.BYTES);
        if (s == UNSERVED) {
            return UNSERVED;
        }
        int e = Lanes.getInt(expert + (long) choice * Integer.BYTES);
        if (e < 0 || e >= E) {
            throw wrong("routing.expert", choice, e, E);
        }
        if (s < 0 || s >= count(e)) {
            throw wrong("routing.slot", choice, s, count(e));
        }
        return start(e) + s;
    }

    private IllegalArgumentException wrong(String operand, int choice, int value, int bound) {
        return new IllegalArgumentException("Dispatch: %s[%d, %d] must be in 0..%d, or its slot -1, was %d"
                .formatted(operand, choice / K, choice % K, bound - 1, value));
    }
}
