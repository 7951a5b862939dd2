package dev.tandem.engine.kernel;

import dev.tandem.engine.Tensor;

/// Keys and values of the positions decoded so far.
///
/// @param keys `[B, P, C]`, P the longest sequence it can hold, of type W
/// @param values `[B, P, C]`
public record KvCache(Tensor keys, Tensor values) {}
