package dev.tandem.engine.internal;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Kernels;

/// Puts every kernel behind the validation of its operand table.
public final class CheckedKernels {
    private CheckedKernels() {}

    /// The same kernels, validated, one call at a time.
    public static Kernels around(Kernels kernels, Guard guard, Backend backend) {
        return new Kernels(
                new CheckedFill(kernels.fill(), guard, backend),
                new CheckedEmbedding(kernels.embedding(), guard, backend),
                new CheckedLayerNorm(kernels.layerNorm(), guard, backend),
                new CheckedLinear(kernels.linear(), guard, backend),
                new CheckedAttention(kernels.attention(), guard, backend),
                new CheckedGelu(kernels.gelu(), guard, backend),
                new CheckedAdd(kernels.add(), guard, backend),
                new CheckedDropout(kernels.dropout(), guard, backend),
                new CheckedGate(kernels.gate(), guard, backend),
                new CheckedDispatch(kernels.dispatch(), guard, backend),
                new CheckedExpertLinear(kernels.expertLinear(), guard, backend),
                new CheckedExpertFeedForward(kernels.expertFeedForward(), guard, backend),
                new CheckedCrossEntropy(kernels.crossEntropy(), guard, backend),
                new CheckedGradientNorm(kernels.gradientNorm(), guard, backend),
                new CheckedAdamW(kernels.adamW(), guard, backend));
    }
}
