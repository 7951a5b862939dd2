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
/// | `expertY`       | `[R, C]`             | W    | owned rows overwritten, others unspecified          |
/// | `preActivation` | `[R, F]`             | W    | saved for this backend alone; absent in evaluation  |
/// | `x`             | `[N, C]`             | W    | read                                                |
/// | `weights`       | [FeedForwardWeights] | W⁻   | read; W in `backward`                               |
/// | `rows`          | [ExpertRows]         |      | read                                                |
/// | `dExpertX`      | `[R, C]`             | W    | owned rows overwritten, for [Dispatch#scatterBackward] |
/// | `dWeights`      | [FeedForwardWeights] | F32  | accumulated                                         |
/// | `dExpertY`      | `[R, C]`             | W    | owned rows read, as [Dispatch#gatherBackward] writes them |
///
/// The hidden block and its gradient may be rounded to W between the two layers, biases and
/// pre-activations as in [Linear].
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
