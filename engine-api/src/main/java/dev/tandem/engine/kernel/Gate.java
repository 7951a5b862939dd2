package dev.tandem.engine.kernel;

import dev.tandem.engine.Tensor;
import java.util.Optional;

/// Token-choice gate: every token picks its K most probable experts, every expert serves S choices.
///
///     p[n,:]      = softmax(logits[n,:])
///     expert[n,0] = argmax logits[n,:]     expert[n,k] = argmax over the experts not yet chosen
///     place[n,k]  = choices of that expert that queue earlier
///     slot[n,k]   = place[n,k] if below S, else −1 (dropped)
///     weight[n,k] = p[n,expert[n,k]] / max(Σ_kept p, 2⁻²³) if kept, else 0
///     balanceLoss = E · Σ_e mean_n(p[n,e]) · queued[0,e]/N
///
/// | operand         | shape                  | type | access                                   |
/// |-----------------|------------------------|------|------------------------------------------|
/// | `routing`       | [Routing]              |      | overwritten                              |
/// | `rows`          | [ExpertRows]           |      | overwritten, all R entries               |
/// | `load`          | [ExpertLoad]           |      | overwritten, saved                       |
/// | `balanceLoss`   | `[1]`                  | F32  | overwritten, 1 (uniform) … E             |
/// | `probabilities` | `[N, E]`               | F32  | saved                                    |
/// | `logits`        | `[N, E]`               | F32  | read; [#forwardLinear]: overwritten      |
/// | `x`             | `[N, C]`               | W    | read                                     |
/// | `padding`       | `[N]`                  | I32  | read, if given: not 0 = padding          |
/// | `noise`         | `[N, E]`, `[N]`        | F32  | read: SAMPLING, RANDOM; absent for ALL   |
/// | `gateWeight`    | `[E, C]`               | W⁻ WEIGHT | read                                |
/// | `gateBias`      | `[E]`                  | F32  | read, if given                           |
/// | `dLogits`       | `[N, E]`               | W    | overwritten                              |
/// | `dWeight`       | `[N, K]`               | F32  | read; unserved choices are ignored       |
///
/// **Order of the queues.** All first choices stand before any second one, dropped or not; among
/// choices of one rank, token order – or, batch-prioritised, falling largest *probability*, equal
/// ones in token order. **Ties** in a choice go to the lower expert, so equal logits route
/// equally on every backend. **SAMPLING** adds `noise` to the logits before the second argmax.
/// **RANDOM** lets the second choice queue only if `2·p₂ > noise[n]`, strictly, where p₂ is
/// divided by `max(p₁ + p₂, 2⁻²³)` first if normalised before dropping. **Padding** tokens queue
/// nowhere, yet count in N and in all means. **K = 1**: the weight is p itself. **Normalised
/// before dropping**: `weight = p / max(Σ_all p, 2⁻²³)` where kept, else 0.
///
/// Backward, with expert, slot and drops constant and g = `dWeight`:
///
///     dp[n,expert[n,k]] = (g_k − Σ_j g_j·w_j) / Σ_kept p     kept k; g_k·2²³ where the sum is below 2⁻²³
///     dp[n,e]          += dBalanceLoss · E · queued[0,e] / N²
///     dLogits[n,:]      = p ⊙ (dp − ⟨p, dp⟩)
///
/// (Normalised before dropping: the sum runs over all K, g = 0 for a dropped one and every choice
/// gets its dp.) With K = 1, `dp = g`. Source: GShard, algorithm 1,
/// <https://arxiv.org/abs/2006.16668>; settings: <https://arxiv.org/abs/2112.10684>.
public interface Gate {
    /// Chooses, queues, weighs.
    void forward(
            Routing routing,
            ExpertRows rows,
            ExpertLoad load,
            Tensor balanceLoss,
            Tensor probabilities,
            Tensor logits,
            Optional<Tensor> padding,
            Optional<Tensor> noise,
            GateOptions options);

    /// `logits = x·gateWeightᵀ + gateBias` with the bits of [Linear#forward], then [#forward].
    ///
    /// 2·N·C·E FLOPs more. Its gradients are those of [#backward], then of [Linear] from `dLogits` on.
    void forwardLinear(
            Routing routing,
            ExpertRows rows,
            ExpertLoad load,
            Tensor balanceLoss,
            Tensor probabilities,
            Tensor logits,
            Tensor x,
            Optional<Tensor> padding,
            Optional<Tensor> noise,
            Tensor gateWeight,
            Optional<Tensor> gateBias,
            GateOptions options);

    /// Gradient of the logits. `dBalanceLoss` is the weight of the balance loss in the total.
    void backward(
            Tensor dLogits,
            Tensor dWeight,
            Routing routing,
            ExpertLoad load,
            Tensor probabilities,
            float dBalanceLoss,
            GateOptions options);
}
