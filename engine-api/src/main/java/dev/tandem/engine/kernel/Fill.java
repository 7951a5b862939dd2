package dev.tandem.engine.kernel;

import dev.tandem.engine.Tensor;

/// Writes values that depend on nothing but the element's row-major index `i` in the tensor.
///
/// | operand | shape | type                           | access      |
/// |---------|-------|--------------------------------|-------------|
/// | `y`     | any   | W; also I32 for `constant`     | overwritten |
/// | `y`     | any   | F32 for `gumbel`               | overwritten |
///
/// Random values are functions of `(seed, stream, i)` by [dev.tandem.engine.Philox], the same on
/// every backend, and in BF16 those of F32 rounded; a tensor stored in a device's own layout gets the values of its
/// row-major
/// indices.
public interface Fill {
    /// `y[i] = value`, rounded to the type.
    void constant(Tensor y, double value);

    /// `y[i] = low + (high − low)·u`, `u = Philox.uniform(seed, stream, i)`.
    void uniform(Tensor y, float low, float high, long seed, long stream);

    /// `y[i] = mean + deviation·z`, `z = Philox.normal(seed, stream, i)`, rounded once.
    void normal(Tensor y, float mean, float deviation, long seed, long stream);

    /// `y[i] = Philox.gumbel(seed, stream, i)`, rounded once: the noise of [SecondPolicy#SAMPLING].
    void gumbel(Tensor y, long seed, long stream);
}
