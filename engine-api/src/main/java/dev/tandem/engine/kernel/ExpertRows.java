package dev.tandem.engine.kernel;

import dev.tandem.engine.Tensor;

/// Which rows of an expert buffer `[R, ·]` belong to which expert. Expert e owns rows `starts[e]
/// … starts[e] + counts[e] − 1`; a count of 0 is legal, and no result depends on a row nobody
/// owns.
///
/// *Padded*: `starts[e] = e·S`. *Compact*: `starts` are the prefix sums of `counts`.
///
/// @param starts `[E]` I32
/// @param counts `[E]` I32
/// @param choiceOf `[R]` I32: `n·K + k`, the choice a row serves; −1 for a row nobody owns
public record ExpertRows(Tensor starts, Tensor counts, Tensor choiceOf) {}
