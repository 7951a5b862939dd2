package dev.tandem.cuda;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertRows;

/// Whose rows a product is of: all of them by one matrix, or each expert's by its own.
///
/// @param N rows of the buffers
/// @param E matrices
/// @param starts of the experts; none if there is one matrix for all rows
/// @param counts of the experts
/// @param choiceOf the choice whose token a row of x is; none if x has rows of its own
/// @param K choices of a token
/// @param choices one more than the largest choice
/// @param padded whether the rows of experts are known to lie N/E apart
record ProductRows(
        int N,
        int E,
        DeviceAddress starts,
        DeviceAddress counts,
        DeviceAddress choiceOf,
        int K,
        int choices,
        boolean padded) {
    /// All rows by one matrix.
    static ProductRows dense(Tensor x) {
        int N = Math.toIntExact(x.shape().rows());
        return new ProductRows(N, 1, DeviceAddress.NONE, DeviceAddress.NONE, DeviceAddress.NONE, 1, 0, false);
    }

    /// The rows that experts own.
    static ProductRows of(ExpertRows rows) {
        return new ProductRows(
                Math.toIntExact(rows.choiceOf().shape().elements()),
                Math.toIntExact(rows.counts().shape().elements()),
                DeviceAddress.of(rows.starts()),
                DeviceAddress.of(rows.counts()),
                DeviceAddress.NONE,
                1,
                0,
                rows.padded());
    }

    /// The same, but x holds tokens, of which a row finds its own by its choice.
    ProductRows gathered(ExpertRows rows, Tensor x, int K) {
        long choices = Math.min(x.shape().rows() * K, Integer.MAX_VALUE);
        return new ProductRows(N, E, starts, counts, DeviceAddress.of(rows.choiceOf()), K, (int) choices, padded);
    }

    /// The same, but x has rows of its own.
    ProductRows ungathered() {
        return new ProductRows(N, E, starts, counts, DeviceAddress.NONE, 1, 0, padded);
    }

    /// Whether there is one matrix for all rows.
    boolean isDense() {
        return starts.equals(DeviceAddress.NONE);
    }

    /// Whether a row of x is that of a token.
    boolean gathers() {
        return !choiceOf.equals(DeviceAddress.NONE);
    }

    /// Rows of a matrix, of experts that are padded the slots S.
    int matrixRows() {
        return N / E;
    }
}
