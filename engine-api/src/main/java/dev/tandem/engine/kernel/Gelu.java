package dev.tandem.engine.kernel;

import dev.tandem.engine.Tensor;

/// The activation of the feed-forward layers, element by element.
///
///     y[i] = gelu(x[i])        dx[i] = dy[i] · gelu'(x[i])
///
/// | operand    | shape        | type | access                          |
/// |------------|--------------|------|---------------------------------|
/// | `y`        | any          | W    | overwritten; may be `x`         |
/// | `x`, `dy`  | that of `y`  | W    | read                            |
/// | `dx`       | that of `y`  | W    | overwritten; may be `dy` or `x` |
///
/// Source: Hendrycks and Gimpel 2016, <https://arxiv.org/abs/1606.08415>; forms: [GeluForm].
public interface Gelu {
    /// `y = gelu(x)`.
    void forward(Tensor y, Tensor x, GeluForm form);

    /// `dx = dy · gelu'(x)`.
    void backward(Tensor dx, Tensor dy, Tensor x, GeluForm form);
}
