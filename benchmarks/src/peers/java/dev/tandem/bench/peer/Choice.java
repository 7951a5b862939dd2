package dev.tandem.bench.peer;

import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// What a gate by libtorch decided.
///
/// @param experts `[N, K]`, the chosen ones
/// @param weights `[N, K]`, of sum 1
record Choice(Tensor experts, Tensor weights) {
    /// The K most probable experts of each token.
    ///
    /// @param probabilities `[N, E]`
    static Choice of(Tensor probabilities, int K) {
        var top = torch.topk(probabilities, K);
        Tensor weights = top.get0();
        Tensor sums = weights.sum(new long[] {1}, true, new ScalarTypeOptional());
        return new Choice(top.get1(), weights.div(sums));
    }
}
