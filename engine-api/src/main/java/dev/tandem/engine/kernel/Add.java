package dev.tandem.engine.kernel;

import dev.tandem.engine.Tensor;

/// The residual sum, forward and for gradients alike.
///
///     y[i] = a[i] + b[i]
///
/// | operand | shape       | type | access                       |
/// |---------|-------------|------|------------------------------|
/// | `y`     | any         | W    | overwritten; may be `a`, `b` |
/// | `a, b`  | that of `y` | W    | read                         |
public interface Add {
    /// `y = a + b`.
    void forward(Tensor y, Tensor a, Tensor b);
}
