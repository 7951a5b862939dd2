package dev.tandem.testkit;

import dev.tandem.engine.kernel.ExpertRows;

/// [ExpertRows] whose starts and counts have been verified: every expert's rows lie in `0 … R−1`.
///
/// @param starts first row of each expert
/// @param counts rows of each expert
/// @param choiceOf the choice each row serves; verified where it is read
record OwnedRows(Integers starts, Integers counts, Integers choiceOf) {
    static OwnedRows of(ExpertRows rows) {
        var owned = new OwnedRows(Integers.of(rows.starts()), Integers.of(rows.counts()), Integers.of(rows.choiceOf()));
        int R = owned.choiceOf.size();
        for (int e = 0; e < owned.E(); e++) {
            int start = owned.starts.verified(e, 0, R, "rows.starts");
            owned.counts.verified(e, 0, R - start, "rows.counts");
        }
        return owned;
    }

    int E() {
        return starts.size();
    }

    int start(int e) {
        return starts.get(e);
    }

    int count(int e) {
        return counts.get(e);
    }

    /// The token that an owned row serves.
    int token(int row, int N, int K) {
        return choiceOf.verified(row, 0, N * K - 1, "rows.choiceOf") / K;
    }
}
