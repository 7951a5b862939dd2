package dev.tandem.engine.kernel;

import dev.tandem.engine.Tensor;

/// Which rows of an expert buffer `[R, ·]` belong to which expert. Expert e owns rows `starts[e]
/// … starts[e] + counts[e] − 1`; a count of 0 is legal, and no result depends on a row nobody
/// owns. Such rows of any expert buffer, inputs too, may be overwritten by a kernel.
///
/// *Padded*: `starts[e] = e·S`. *Compact*: `starts` are the prefix sums of `counts`.
///
/// @param starts `[E]` I32
/// @param counts `[E]` I32
/// @param choiceOf `[R]` I32: `n·K + k`, the choice a row serves; −1 for a row nobody owns
/// @param padded promise that the rows are padded, with S = R/E; lets a backend multiply all of
///     them without knowing the counts. Without the promise they may be either
public record ExpertRows(Tensor starts, Tensor counts, Tensor choiceOf, boolean padded) {
    /// Refuses padded rows that cannot lie S apart.
    public ExpertRows {
        if (padded && choiceOf.shape().elements() % starts.shape().elements() != 0) {
            throw new IllegalArgumentException("ExpertRows: padded rows R must be a multiple of E=%d, but R=%d"
                    .formatted(starts.shape().elements(), choiceOf.shape().elements()));
        }
    }

    /// Rows that may be padded or compact.
    public ExpertRows(Tensor starts, Tensor counts, Tensor choiceOf) {
        this(starts, counts, choiceOf, false);
    }
}
