package dev.tandem.engine.kernel;

import dev.tandem.engine.Tensor;
import java.util.Optional;

/// Adam with decoupled weight decay, one pass over one parameter.
///
///     g  = gradient · gradientScale · norm[1]
///     m ← β₁·m + (1 − β₁)·g        v ← β₂·v + (1 − β₂)·g²
///     u  = m/(√v + ε) · √(1 − β₂ᵗ)/(1 − β₁ᵗ)              uncorrected ε (the paper's code)
///     u  = (m/(1 − β₁ᵗ)) / (√(v/(1 − β₂ᵗ)) + ε)            corrected ε (PyTorch)
///     parameter ← parameter·(1 − learningRate·weightDecay) − learningRate·u
///
/// | operand            | shape       | type          | access                                    |
/// |--------------------|-------------|---------------|-------------------------------------------|
/// | `parameter, m, v`  | any         | WEIGHT or F32 | read and overwritten, the same role each  |
/// | `working`          | the same    | BF16          | overwritten, if given: parameter, rounded |
/// | `gradient`         | the same    | the same      | read                                      |
/// | `norm`             | `[2]`       | F32           | read: the clip factor of [GradientNorm]   |
///
/// Moments below the smallest normal number may become 0.
///
/// Where kernels compute in BF16, `parameter` is the F32 master of a working copy, which the same pass
/// renews: a step smaller than half a unit of the copy is not lost, it adds up in the master.
///
/// Source: Loshchilov and Hutter 2019, <https://arxiv.org/abs/1711.05101>.
public interface AdamW {
    /// What stays the same over a run. Double precision, because 1 − β₂ would lose seven bits in
    /// F32.
    ///
    /// @param beta1 decay of the first moment, in `[0, 1)`
    /// @param beta2 decay of the second moment, in `[0, 1)`
    /// @param epsilon floor of the denominator, positive
    /// @param corrected whether ε is added to the bias-corrected root (PyTorch) or to the raw
    ///     one (the paper)
    record Moments(double beta1, double beta2, double epsilon, boolean corrected) {
        /// The paper's: 0.9, 0.98, 1e-8, uncorrected.
        public static final Moments PAPER = new Moments(0.9, 0.98, 1e-8, false);

        /// Refuses values outside their ranges.
        public Moments {
            if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1)) {
                throw new IllegalArgumentException(
                        "beta1 and beta2 must be in [0, 1), were %s and %s".formatted(beta1, beta2));
            }
            if (!(epsilon > 0) || Double.isInfinite(epsilon)) {
                throw new IllegalArgumentException("epsilon must be positive, was " + epsilon);
            }
        }
    }

    /// Updates one parameter and its moments.
    ///
    /// @param gradientScale the factor that [GradientNorm.Gradient] names for this gradient
    /// @param step number of this update, from 1
    void update(
            Tensor parameter,
            Optional<Tensor> working,
            Tensor m,
            Tensor v,
            Tensor gradient,
            Tensor norm,
            Moments moments,
            float learningRate,
            float weightDecay,
            float gradientScale,
            long step);

    /// `working[i] = parameter[i]`, rounded: the copy of a parameter that something else than an
    /// update has set.
    void round(Tensor working, Tensor parameter);
}
