package dev.tandem.lab.evaluation;

import dev.tandem.lab.data.Blocks;

/// A fixed selection of blocks on which models are measured: the same ones for every model, every
/// time.
///
/// @param name for reports
/// @param blocks all blocks of the text
/// @param count blocks in use, spread evenly over the text
public record TextSet(String name, Blocks blocks, int count) {
    public TextSet {
        if (count < 1 || count > blocks.count()) {
            throw new IllegalArgumentException(
                    "text set %s must use 1..%d blocks, was %d".formatted(name, blocks.count(), count));
        }
    }

    /// Up to about `tokens` tokens of the text, at least one block.
    public static TextSet of(String name, Blocks blocks, int tokens) {
        return new TextSet(name, blocks, Math.clamp(tokens / blocks.T(), 1, blocks.count()));
    }

    /// Number of tokens scored.
    public int tokens() {
        return count * blocks.T();
    }

    /// Index in the text of the `i`-th block in use.
    int block(int i) {
        return (int) ((long) i * blocks.count() / count);
    }
}
