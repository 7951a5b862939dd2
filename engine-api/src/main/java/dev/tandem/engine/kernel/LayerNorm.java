package dev.tandem.engine.kernel;

import dev.tandem.engine.Tensor;

/// Normalization of each row to mean 0 and variance 1, then gain and bias.
///
///     mean[n] = Σ_c x[n,c] / C        rstd[n] = 1 / √(Σ_c (x[n,c] − mean[n])² / C + epsilon)
///     y[n,c]  = (x[n,c] − mean[n]) · rstd[n] · gain[c] + bias[c]
///
/// | operand                | shape    | type | access                     |
/// |------------------------|----------|------|----------------------------|
/// | `y`                    | `[N, C]` | W    | overwritten                |
/// | `saved.mean, rstd`     | `[N]`    | F32  | saved                      |
/// | `x`                    | `[N, C]` | W    | read                       |
/// | `gain, bias`           | `[C]`    | F32  | read                       |
/// | `dx`                   | `[N, C]` | W    | overwritten; may be `dy`   |
/// | `dGain, dBias`         | `[C]`    | F32  | accumulated                |
/// | `dy`                   | `[N, C]` | W    | read                       |
///
/// The variance is summed around the mean, never as a difference of squares.
/// Source: Ba et al. 2016, <https://arxiv.org/abs/1607.06450>.
public interface LayerNorm {
    /// What the backward needs.
    record Saved(Tensor mean, Tensor rstd) {}

    /// Normalizes; `epsilon` is 1e-5 in the paper's models.
    void forward(Tensor y, Saved saved, Tensor x, Tensor gain, Tensor bias, float epsilon);

    /// All three gradients.
    void backward(Tensor dx, Tensor dGain, Tensor dBias, Tensor dy, Saved saved, Tensor x, Tensor gain);
}
