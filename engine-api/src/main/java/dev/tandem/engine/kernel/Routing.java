package dev.tandem.engine.kernel;

import dev.tandem.engine.Tensor;

/// Where each token goes.
///
/// @param expert `[N, K]` I32: the experts chosen, also where the choice was dropped or the
///     token is padding
/// @param slot `[N, K]` I32: place among the expert's rows, −1 if the choice is not served
/// @param weight `[N, K]` F32: share of the expert's output in the token's, 0 if the choice
///     is not served
public record Routing(Tensor expert, Tensor slot, Tensor weight) {}
