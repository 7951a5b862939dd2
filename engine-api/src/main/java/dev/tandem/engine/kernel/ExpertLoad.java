package dev.tandem.engine.kernel;

import dev.tandem.engine.Tensor;

/// What a gate did, for the log and for the gradient of the balance loss.
///
/// @param queued `[K, E]` I32: choices of rank k that queued at expert e, before dropping
/// @param dropped `[K, E]` I32: those of them that found no slot
/// @param entropy `[1]` F32: mean over N of the entropy of the probabilities, nats
public record ExpertLoad(Tensor queued, Tensor dropped, Tensor entropy) {}
