package dev.tandem.gpt;

import dev.tandem.engine.Tensor;

/// Where a gate's random numbers come from, for the second-expert policies that need them.
///
/// By default they are drawn from the training seed; a test may supply recorded ones.
@FunctionalInterface
public interface GateNoise {
    /// Writes the noise of one gate call.
    ///
    /// @param noise `[N, E]` Gumbel noise, or `[N]` uniform in [0, 1), by the policy
    /// @param gate number of the MoE block, from 0
    /// @param microBatch number of the micro-batch within its update, from 0
    /// @param seed of the training run
    /// @param stream that no other call of this run uses
    void fill(Tensor noise, int gate, int microBatch, long seed, long stream);
}
