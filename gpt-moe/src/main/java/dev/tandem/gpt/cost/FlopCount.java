package dev.tandem.gpt.cost;

import dev.tandem.gpt.FeedForward;
import dev.tandem.gpt.GptConfig;

/// Floating-point operations of one token's forward pass, by part; a multiply-add counts as two.
///
/// Per block: attention `8C² + 4TC` (projections, then scores and mixing; causality is not
/// discounted), feed-forward `4CF` or `K·4CF`, gate `2CE`. Head: `2CV`. Softmax, norms, dispatch
/// and empty slots do not count. Backward is twice forward. Source: the paper's costs,
/// <https://arxiv.org/abs/2112.10684>, which these formulas reproduce.
///
/// @param attention of all blocks
/// @param feedForward of all blocks, dense and experts
/// @param gate of all MoE blocks; the paper leaves it out
/// @param head logits
public record FlopCount(double attention, double feedForward, double gate, double head) {
    /// Tokens of the paper's training runs.
    public static final double PAPER_TOKENS = 300e9;

    private static final int PAPER_SEQUENCE = 2048;

    // not the vocabulary: with 50,000 the published costs come out to the last digit
    private static final int PAPER_VOCABULARY = 50_000;

    private static final double ZETTA = 1e21;

    /// Counts one token's forward pass in sequences of `T` tokens.
    ///
    /// @throws IllegalArgumentException if `T` is not in 1..`config.T()`
    public static FlopCount of(GptConfig config, int T) {
        if (T < 1 || T > config.T()) {
            throw new IllegalArgumentException("T must be in 1.." + config.T() + ", was " + T);
        }
        return of(config, T, config.V());
    }

    private static FlopCount of(GptConfig config, int T, int V) {
        double C = config.C();
        double attention = config.L() * (8 * C * C + 4 * T * C);
        double feedForward = 0;
        double gate = 0;
        for (int block = 0; block < config.L(); block++) {
            switch (config.feedForward(block)) {
                case FeedForward.Dense dense -> feedForward += 4 * C * dense.F();
                case FeedForward.Experts experts -> {
                    feedForward += experts.K() * 4 * C * experts.F();
                    gate += 2 * C * experts.E();
                }
            }
        }
        return new FlopCount(attention, feedForward, gate, 2 * C * V);
    }

    /// The paper's training cost in ZFLOPs (1e21): 300e9 tokens, T = 2048, V = 50,000, activation
    /// recomputation included, gate left out.
    ///
    ///     96 · M · L · C² · (κ + T/(6C) + V/(16·L·C))      κ = 1 dense, 4/3 for top-2 in every second block
    public static double paperZettaflops(GptConfig config) {
        var count = of(config, PAPER_SEQUENCE, PAPER_VOCABULARY);
        double blocks = count.attention + count.feedForward;
        return PAPER_TOKENS * (4 * blocks + 3 * count.head) / ZETTA;
    }

    /// FLOPs of a token's forward pass.
    public double forward() {
        return attention + feedForward + gate + head;
    }

    /// FLOPs of a token's backward pass.
    public double backward() {
        return 2 * forward();
    }

    /// FLOPs of training on one token, without recomputation.
    public double training() {
        return forward() + backward();
    }
}
