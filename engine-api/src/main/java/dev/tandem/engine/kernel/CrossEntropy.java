package dev.tandem.engine.kernel;

import dev.tandem.engine.Tensor;

/// Fused log-softmax and negative log-likelihood over the vocabulary, which is read in chunks.
///
///     logSumExp[n] = ln Σ_v e^logits[n,v]
///     loss[n]      = logSumExp[n] − logits[n,targets[n]]        0 where targets[n] = −1
///     total        = Σ_n loss[n]
///     dLogits[n,v] = scale · (e^(logits[n,v] − logSumExp[n]) − [v = targets[n]])     0 where targets[n] = −1
///
/// | operand     | shape    | type | access                                            |
/// |-------------|----------|------|---------------------------------------------------|
/// | `total`     | `[1]`    | F32  | overwritten, nats; summed in F64                  |
/// | `loss`      | `[N]`    | F32  | overwritten, nats                                 |
/// | `logSumExp` | `[N]`    | F32  | saved                                             |
/// | `logits`    | `[N, V]` | F32  | read                                              |
/// | `targets`   | `[N]`    | I32  | read, 0 … V−1, or −1 for a token that is not scored |
/// | `dLogits`   | `[N, V]` | W    | overwritten; may be `logits` where both are F32   |
///
/// `scale` is the derivative of the objective by each scored token's loss: 1/(number of scored
/// tokens) for a mean.
public interface CrossEntropy {
    /// Losses in nats.
    void forward(Tensor total, Tensor loss, Tensor logSumExp, Tensor logits, Tensor targets);

    /// Gradient of the logits.
    void backward(Tensor dLogits, Tensor logSumExp, Tensor logits, Tensor targets, float scale);
}
