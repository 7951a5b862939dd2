package dev.tandem.engine.kernel;

import dev.tandem.engine.Tensor;
import java.util.Optional;

/// A dense matrix product with the weight as checkpoints store it.
///
///     y[n,o] = Σ_i x[n,i] · weight[o,i] + bias[o]
///
/// | operand         | shape       | type       | access                |
/// |-----------------|-------------|------------|-----------------------|
/// | `y`             | `[N, out]`  | W          | overwritten; F32 as well in `forward` |
/// | `preActivation` | `[N, out]`  | W          | saved, if given      |
/// | `x`             | `[N, in]`   | W          | read                 |
/// | `weight`        | `[out, in]` | W⁻ WEIGHT  | read, a whole matrix; W in `backwardData` |
/// | `bias`          | `[out]`     | F32        | read, if given       |
/// | `dx`            | `[N, in]`   | W          | overwritten          |
/// | `dWeight`       | `[out, in]` | F32 WEIGHT | accumulated          |
/// | `dBias`         | `[out]`     | F32        | accumulated, if given |
/// | `dy`            | `[N, out]`  | W          | read                 |
///
/// 2·N·out·in FLOPs forward, 4·N·out·in backward. Where y is W, the bias may be rounded to W before it is
/// added, and the pre-activation before it is activated.
public interface Linear {
    /// `y = x·weightᵀ + bias`. A `y` of F32 keeps logits whole where x and weight are BF16.
    void forward(Tensor y, Tensor x, Tensor weight, Optional<Tensor> bias);

    /// `preActivation = x·weightᵀ + bias`, `y = gelu(preActivation)` in one pass over y.
    void forwardGelu(
            Tensor y, Optional<Tensor> preActivation, Tensor x, Tensor weight, Optional<Tensor> bias, GeluForm form);

    /// `dx = dy·weight`.
    void backwardData(Tensor dx, Tensor dy, Tensor weight);

    /// `dWeight += dyᵀ·x`, `dBias += Σ_n dy[n,:]`.
    void backwardWeight(Tensor dWeight, Optional<Tensor> dBias, Tensor dy, Tensor x);
}
