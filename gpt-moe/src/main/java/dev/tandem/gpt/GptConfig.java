package dev.tandem.gpt;

import dev.tandem.engine.kernel.GeluForm;
import java.util.OptionalInt;

/// Everything that determines the function a model computes, and nothing about the machine.
///
///     x = embeddingScale · embedding[token] + position[p]
///     per block:  x += attention(norm(x));  x += feedForward(norm(x))
///     logits = norm(x) · embeddingᵀ
///
/// Every linear layer has a bias but the gate and the head. Dropout follows the embedding, the
/// attention probabilities, the attention's output projection, and the second layer of a
/// feed-forward or an expert. Source: <https://arxiv.org/abs/2112.10684>, section 2.
///
/// @param V vocabulary, at least 2
/// @param T longest sequence, in tokens
/// @param L blocks
/// @param C channels
/// @param H heads; divides C
/// @param feedForward the blocks' feed-forward layers, dense or experts
/// @param positions where position vectors come from
/// @param embeddingScale factor on token vectors: √C in the paper, 1 in GPT-2
/// @param padding id of the padding token: kept from attention, gate and loss, and positions start
///     behind it; empty where the data has none
/// @param gelu which of the two functions called GELU
/// @param dropout probability in [0, 1), in training only
/// @param epsilon of the layer norms
public record GptConfig(
        int V,
        int T,
        int L,
        int C,
        int H,
        FeedForward feedForward,
        Positions positions,
        double embeddingScale,
        OptionalInt padding,
        GeluForm gelu,
        double dropout,
        double epsilon) {
    private static final double EPSILON = 1e-5;

    /// Refuses sizes that do not fit together.
    public GptConfig {
        require(V >= 2, "V must be at least 2, was " + V);
        require(T >= 1, "T must be at least 1, was " + T);
        require(L >= 1, "L must be at least 1, was " + L);
        require(C >= 1, "C must be at least 1, was " + C);
        require(H >= 1 && C % H == 0, "H must divide C=" + C + ", was " + H);
        if (positions == Positions.SINUSOIDAL) {
            require(C >= 4, "sinusoidal positions need C of at least 4, was " + C);
        }
        if (feedForward instanceof FeedForward.Experts experts) {
            require(
                    experts.every() <= L,
                    "experts in every " + experts.every() + "th block need L of at least that, was " + L);
        }
        require(
                embeddingScale > 0 && Double.isFinite(embeddingScale),
                "embedding scale must be finite and above 0, was " + embeddingScale);
        require(
                padding.isEmpty() || (padding.getAsInt() >= 0 && padding.getAsInt() < V),
                "padding id must be in 0..V-1=" + (V - 1) + ", was " + padding);
        require(dropout >= 0 && dropout < 1, "dropout must be in [0, 1), was " + dropout);
        require(epsilon > 0 && Double.isFinite(epsilon), "epsilon must be finite and above 0, was " + epsilon);
    }

    /// The paper's dense architecture with F = 4C: sinusoidal positions, embedding scaled by √C,
    /// GELU by the error function. No padding, no dropout.
    public static GptConfig gpt3(int V, int T, int L, int C, int H) {
        return new GptConfig(
                V,
                T,
                L,
                C,
                H,
                new FeedForward.Dense(4 * C),
                Positions.SINUSOIDAL,
                Math.sqrt(C),
                OptionalInt.empty(),
                GeluForm.ERF,
                0,
                EPSILON);
    }

    /// GPT-2's architecture with F = 4C: learned positions, unscaled embedding, GELU by tanh. No
    /// padding, no dropout.
    public static GptConfig gpt2(int V, int T, int L, int C, int H) {
        return new GptConfig(
                V,
                T,
                L,
                C,
                H,
                new FeedForward.Dense(4 * C),
                Positions.LEARNED,
                1,
                OptionalInt.empty(),
                GeluForm.TANH,
                0,
                EPSILON);
    }

    /// Feed-forward layer of one block: dense, or the experts themselves.
    public FeedForward feedForward(int block) {
        return switch (feedForward) {
            case FeedForward.Dense dense -> dense;
            case FeedForward.Experts experts ->
                (block + 1) % experts.every() == 0 ? experts : new FeedForward.Dense(experts.F());
        };
    }

    /// Blocks with experts.
    public int expertBlocks() {
        return feedForward instanceof FeedForward.Experts experts ? L / experts.every() : 0;
    }

    /// Head width D = C/H.
    public int D() {
        return C / H;
    }

    /// Rows of the position table: T, and those up to the padding id before.
    public int positionRows() {
        return T + padding.orElse(-1) + 1;
    }

    /// Rows of the position table that are parameters: 0 if they are computed.
    public int learnedPositionRows() {
        return positions == Positions.LEARNED ? positionRows() : 0;
    }

    /// The compute-equivalent MoE twin: the paper's experts, of this width, in every second block.
    public GptConfig withExperts(int E) {
        return withFeedForward(FeedForward.Experts.paper(feedForward.F(), E));
    }

    /// This configuration with other feed-forward layers.
    public GptConfig withFeedForward(FeedForward changed) {
        return new GptConfig(V, T, L, C, H, changed, positions, embeddingScale, padding, gelu, dropout, epsilon);
    }

    /// This configuration for data with padding tokens.
    public GptConfig withPadding(int id) {
        return new GptConfig(
                V, T, L, C, H, feedForward, positions, embeddingScale, OptionalInt.of(id), gelu, dropout, epsilon);
    }

    /// This configuration with another dropout probability.
    public GptConfig withDropout(double probability) {
        return new GptConfig(
                V, T, L, C, H, feedForward, positions, embeddingScale, padding, gelu, probability, epsilon);
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
