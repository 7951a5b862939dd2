package dev.tandem.engine.kernel;

import dev.tandem.engine.Tensor;
import java.util.Optional;

/// Causal multi-head attention; no `[T, T]` matrix is ever stored.
///
/// The last dimension of `qkv` is `[q | k | v]`, C each; head h owns columns `h·D … (h+1)·D − 1`
/// of each.
///
///     s[i,j] = ⟨q_i, k_j⟩ / √D        for j ≤ i and key j not padding
///     p[i,:] = softmax(s[i,:])        logSumExp[b,h,i] = ln Σ_j e^s[i,j]
///     y_i    = Σ_j dropped(p[i,j]) · v_j
///
/// Dropout multiplies `p[i,j]` by 0 or `1/(1 − probability)` as [Dropout] does, with the element
/// index `((b·H + h)·T + i)·T + j`. A query all of whose keys are padding gives 0 (and `logSumExp
/// = −∞`).
///
/// | operand      | shape        | type | access                            |
/// |--------------|--------------|------|-----------------------------------|
/// | `y`          | `[B, T, C]`  | W    | overwritten                       |
/// | `logSumExp`  | `[B, H, T]`  | F32  | saved                             |
/// | `qkv`        | `[B, T, 3C]` | W    | read                              |
/// | `padding`    | `[B, T]`     | I32  | read, if given: not 0 = padding   |
/// | `dqkv`       | `[B, T, 3C]` | W    | overwritten; may **not** be `qkv` |
/// | `dy`         | `[B, T, C]`  | W    | read                              |
/// | `cache`      | `[B, P, C]`  | W    | positions start … start+T−1 overwritten, earlier ones read |
///
/// H divides C. Source: Vaswani et al. 2017; blocking after Dao et al. 2022,
/// <https://arxiv.org/abs/2205.14135>.
public interface Attention {
    /// Attends over whole sequences.
    void forward(
            Tensor y,
            Tensor logSumExp,
            Tensor qkv,
            Optional<Tensor> padding,
            int H,
            float dropout,
            long seed,
            long stream);

    /// Gradient of `qkv`; every other argument as the forward had it, `y` as it left it.
    void backward(
            Tensor dqkv,
            Tensor dy,
            Tensor y,
            Tensor logSumExp,
            Tensor qkv,
            Optional<Tensor> padding,
            int H,
            float dropout,
            long seed,
            long stream);

    /// Appends T positions (a prompt, or one token) to the cache behind `start` earlier ones and
    /// attends over all of them, each new position to itself and everything before.
    ///
    /// @throws IllegalArgumentException if `start + T` exceeds the cache
    void decode(Tensor y, Tensor qkv, KvCache cache, int start, int H);
}
