package dev.tandem.gpt;

import dev.tandem.engine.Kernels;
import dev.tandem.engine.Tensor;

/// What every layer of one planned pass is built from.
///
/// @param plan its sizes
/// @param kernels of the backend
/// @param tensors its buffers
/// @param noise of the gates
record Context(Plan plan, Kernels kernels, BufferPlan.Tensors tensors, GateNoise noise) {
    Tensor tensor(String name) {
        return tensors.get(name);
    }

    /// A `[N, …]` buffer seen as `[B, T, …]`.
    Tensor sequences(Tensor tokens) {
        return tokens.reshape(plan.B(), plan.T(), tokens.shape().last());
    }
}
