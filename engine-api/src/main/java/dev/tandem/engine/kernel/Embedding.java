package dev.tandem.engine.kernel;

import dev.tandem.engine.Tensor;
import java.util.Optional;

/// Token plus position vectors.
///
///     y[b,t,:] = scale · table[ids[b,t],:] + positions[p(b,t),:]
///
/// Without padding (`padding = −1`), `p = start + t`. With it, real tokens of a row count from
/// `padding + 1`, padding tokens have `p = padding` and advance nothing; `start` is then added to
/// the position of real tokens.
///
/// | operand      | shape       | type       | access                                             |
/// |--------------|-------------|------------|----------------------------------------------------|
/// | `y`          | `[B, T, C]` | W          | overwritten                                        |
/// | `ids`        | `[B, T]`    | I32        | read, each in 0 … V−1                              |
/// | `table`      | `[V, C]`    | W WEIGHT   | read                                               |
/// | `positions`  | `[P, C]`    | F32        | read (`forward`), overwritten (`sinusoidal`)       |
/// | `dTable`     | `[V, C]`    | F32 WEIGHT | accumulated; row `padding` receives nothing        |
/// | `dPositions` | `[P, C]`    | F32        | accumulated, if given; row `padding` likewise      |
/// | `dy`         | `[B, T, C]` | W          | read                                               |
///
/// An id outside the table or a position beyond P−1 is an `IllegalArgumentException`.
/// Source: <https://arxiv.org/abs/2112.10684>, section 2; sinusoids after Vaswani et al. 2017,
/// two halves, not interleaved.
public interface Embedding {
    /// Looks tokens and positions up. `scale` is √C in the paper's models, 1 in GPT-2.
    void forward(Tensor y, Tensor ids, Tensor table, Tensor positions, float scale, int padding, int start);

    /// Gradients of the table and, where it is learned, of the positions. `start` is 0.
    void backward(Tensor dTable, Optional<Tensor> dPositions, Tensor dy, Tensor ids, float scale, int padding);

    /// Writes sinusoids, angles in double precision; half = ⌊C/2⌋:
    ///
    ///     positions[p, i]        = sin(p · 10000^(−i/(half−1)))     i < half
    ///     positions[p, half + i] = cos(p · 10000^(−i/(half−1)))
    ///
    /// An odd last column is zero, and so is row `padding` where `padding ≥ 0`.
    void sinusoidal(Tensor positions, int padding);
}
