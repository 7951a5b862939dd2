package dev.tandem.engine.kernel;

import dev.tandem.engine.Tensor;

/// Inverted dropout by a counter-based generator; nothing is stored between forward and backward.
///
///     y[i] = x[i] / (1 − probability)   if Philox.uniform(seed, stream, i) ≥ probability, else 0
///
/// Its backward is the same map, applied to the gradient with the same `(seed, stream)`.
///
/// | operand | shape       | type | access                  |
/// |---------|-------------|------|-------------------------|
/// | `y`     | any         | W    | overwritten; may be `x` |
/// | `x`     | that of `y` | W    | read                    |
///
/// `probability` is in `[0, 1)`; 0 copies.
public interface Dropout {
    /// Drops and scales.
    void forward(Tensor y, Tensor x, float probability, long seed, long stream);
}
