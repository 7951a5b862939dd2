package dev.tandem.engine.kernel;

import dev.tandem.engine.Tensor;
import java.util.Optional;

/// The experts' feed-forward layers in one kernel: rows gathered by `choiceOf`, the hidden block
/// never leaving cache.
///
///     pre[r,:]     = x[⌊choiceOf[r]/K⌋,:] · up[e]ᵀ + upBias[e,:]
///     expertY[r,:] = gelu(pre[r,:]) · down[e]ᵀ + downBias[e,:]        for the rows r of expert e
///
/// Equal, up to rounding, to [Dispatch#scatter], [ExpertLinear#forwardGelu] and
/// [ExpertLinear#forward] in turn; a following [Dispatch#gather] completes the layer.
///
/// | operand         | shape                | type | access                                              |
/// |-----------------|----------------------|------|-----------------------------------------------------|
/// | `expertY`       | `[R, C]`             | F32  | owned rows overwritten, others unspecified          |
/// | `preActivation` | `[R, F]`             | F32  | saved, if given, in an order of the backend's own; absent in
/// evaluation |
/// | `x`             | `[N, C]`             | F32  | read                                                |
/// | `weights`       | [FeedForwardWeights] |      | read                                                |
/// | `rows`          | [ExpertRows]         |      | read                                                |
/// | `dExpertX`      | `[R, C]`             | F32  | owned rows overwritten, for [Dispatch#scatterBackward] |
/// | `dWeights`      | [FeedForwardWeights] |      | accumulated                                         |
/// | `dExpertY`      | `[R, C]`             | F32  | owned rows read, as [Dispatch#gatherBackward] writes them |
///
/// 4·Σcounts·C·F FLOPs forward, twice that backward.
public interface ExpertFeedForward {
    /// Both layers.
    void forward(
            Tensor expertY,
            Optional<Tensor> preActivation,
            Tensor x,
            FeedForwardWeights weights,
            ExpertRows rows,
            int K,
            GeluForm form);

    /// All gradients. `preActivation` is what the forward of this backend saved; it may be overwritten.
    void backward(
            Tensor dExpertX,
            FeedForwardWeights dWeights,
            Tensor dExpertY,
            Tensor preActivation,
            Tensor x,
            FeedForwardWeights weights,
            ExpertRows rows,
            int K,
            GeluForm form);
}
