package dev.tandem.engine.kernel;

import dev.tandem.engine.Tensor;

/// Moves tokens to expert rows and back. The two directions are adjoint: each one's backward is
/// the other.
///
///     row(n,k)      = starts[expert[n,k]] + slot[n,k]      where slot[n,k] ≥ 0
///     scatter:  expertX[row(n,k),:] = x[n,:]               unscaled
///     gather:   y[n,:] = Σ_k weight[n,k] · expertY[row(n,k),:]     in order of k; 0 if none
///
/// | operand               | shape    | type | access                                      |
/// |-----------------------|----------|------|---------------------------------------------|
/// | `expertX`, `dExpertY` | `[R, C]` | W    | owned rows overwritten, others unspecified  |
/// | `expertY`, `dExpertX` | `[R, C]` | W    | owned rows read                             |
/// | `x`, `dy`             | `[N, C]` | W    | read                                        |
/// | `y`, `dx`             | `[N, C]` | W    | overwritten                                 |
/// | `dWeight`             | `[N, K]` | F32  | overwritten, 0 where not served             |
/// | `routing`             | [Routing] |  | read                                        |
/// | `rows`                | [ExpertRows] |  | read                                     |
public interface Dispatch {
    /// Copies every served token to its expert rows.
    void scatter(Tensor expertX, Tensor x, Routing routing, ExpertRows rows);

    /// `dx[n,:] = Σ_k dExpertX[row(n,k),:]`, unweighted.
    void scatterBackward(Tensor dx, Tensor dExpertX, Routing routing, ExpertRows rows);

    /// Sums every token's expert rows by weight.
    void gather(Tensor y, Tensor expertY, Routing routing, ExpertRows rows);

    /// `dExpertY[row(n,k),:] = weight[n,k] · dy[n,:]`, `dWeight[n,k] = ⟨dy[n,:],
    /// expertY[row(n,k),:]⟩`.
    void gatherBackward(Tensor dExpertY, Tensor dWeight, Tensor dy, Tensor expertY, Routing routing, ExpertRows rows);
}
