package dev.tandem.lab.evaluation;

import dev.tandem.gpt.Evaluation;
import java.util.Arrays;

/// Measures a model on text, without dropout, without noise, and with no token dropped by an
/// expert.
///
///     loss = Σ −log p(target) / targets        perplexity = e^loss
///
/// Blocks do not overlap, and each is seen by itself. Not safe for use by several threads at once.
public final class Perplexity {
    private static final int IGNORED = -1;
    private final Evaluation evaluation;
    private final int B;
    private final int T;
    private final int[] ids;
    private final int[] targets;

    /// @param evaluation of `B` blocks of `T` tokens at a time
    public Perplexity(Evaluation evaluation, int B, int T) {
        if (evaluation.tokens() != B * T) {
            throw new IllegalArgumentException(
                    "the evaluation must be of B·T=%d tokens, was %d".formatted(B * T, evaluation.tokens()));
        }
        this.evaluation = evaluation;
        this.B = B;
        this.T = T;
        this.ids = new int[B * T];
        this.targets = new int[B * T];
    }

    /// Mean negative log-likelihood, nats per token.
    ///
    /// @throws IllegalArgumentException if the set's blocks are not of `T` tokens
    public double loss(TextSet set) {
        if (set.blocks().T() != T) {
            throw new IllegalArgumentException("blocks must be of T=%d tokens, were %d"
                    .formatted(T, set.blocks().T()));
        }
        double sum = 0;
        for (int first = 0; first < set.count(); first += B) {
            Arrays.fill(targets, IGNORED);
            int rows = Math.min(B, set.count() - first);
            for (int row = 0; row < rows; row++) {
                set.blocks().copy(set.block(first + row), row, ids, targets);
            }
            float[] nll = evaluation.nll(ids, targets);
            for (int i = 0; i < rows * T; i++) {
                sum += nll[i];
            }
        }
        return sum / set.tokens();
    }
}
