package dev.tandem.engine.kernel;

import dev.tandem.engine.Tensor;

/// The two layers of E experts, or their gradients.
///
/// @param up `[E, F, C]` WEIGHT, of type W or forward W⁻; a gradient F32
/// @param upBias `[E, F]` F32
/// @param down `[E, C, F]` WEIGHT, of the type of `up`; a gradient F32
/// @param downBias `[E, C]` F32
public record FeedForwardWeights(Tensor up, Tensor upBias, Tensor down, Tensor downBias) {}
