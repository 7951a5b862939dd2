package dev.tandem.engine.kernel;

import dev.tandem.engine.Tensor;
import java.util.Optional;

/// E matrix products, one per expert, over the rows it owns.
///
///     y[r,:] = x[r,:] · weight[e]ᵀ + bias[e,:]        r = starts[e] … starts[e] + counts[e] − 1
///
/// | operand              | shape          | type       | access                                     |
/// |----------------------|----------------|------------|--------------------------------------------|
/// | `y`, `preActivation` | `[R, out]`     | W          | owned rows overwritten, others unspecified |
/// | `x`                  | `[R, in]`      | W          | owned rows read                            |
/// | `weight`             | `[E, out, in]` | W⁻ WEIGHT  | read; W in `backwardData`                  |
/// | `bias`               | `[E, out]`     | F32        | read, if given                             |
/// | `dx`                 | `[R, in]`      | W          | owned rows overwritten, others unspecified |
/// | `dWeight`            | `[E, out, in]` | F32 WEIGHT | accumulated                                |
/// | `dBias`              | `[E, out]`     | F32        | accumulated, if given                      |
/// | `dy`                 | `[R, out]`     | W          | owned rows read                            |
/// | `rows`               | [ExpertRows]   |            | read: `starts` and `counts`                |
///
/// 2·Σcounts·out·in FLOPs forward, twice that backward; rows nobody owns are no work.
/// Bias and pre-activation may be rounded to W as in [Linear].
public interface ExpertLinear {
    /// `y = x·weightᵀ + bias` per expert.
    void forward(Tensor y, Tensor x, Tensor weight, Optional<Tensor> bias, ExpertRows rows);

    /// `preActivation = x·weightᵀ + bias`, `y = gelu(preActivation)` per expert.
    void forwardGelu(
            Tensor y,
            Optional<Tensor> preActivation,
            Tensor x,
            Tensor weight,
            Optional<Tensor> bias,
            ExpertRows rows,
            GeluForm form);

    /// `dx = dy·weight` per expert.
    void backwardData(Tensor dx, Tensor dy, Tensor weight, ExpertRows rows);

    /// `dWeight[e] += dyᵀ·x`, `dBias[e] += Σ_r dy[r,:]` over the expert's rows.
    void backwardWeight(Tensor dWeight, Optional<Tensor> dBias, Tensor dy, Tensor x, ExpertRows rows);
}
