package dev.tandem.lab.data;

import dev.tandem.lab.BadInputException;

/// A token stream cut into non-overlapping blocks of exactly `T` tokens. Documents straddle blocks.
///
///     ids[t] = stream[b·T + t]      targets[t] = stream[b·T + t + 1]      b = 0 … count−1
///
/// So each token but the stream's first is a target exactly once, and a rest shorter than `T + 1`
/// tokens is left out. A block's first prediction sees one token: the one before it. (The paper
/// starts evaluation blocks from the separator; with the short blocks of small experiments that
/// would measure how a model guesses a wrong document start.)
public final class Blocks {
    private final TokenStream stream;
    private final int T;
    private final int count;

    /// @param name what the stream is, for the error
    /// @param T tokens in a block
    /// @throws BadInputException if the stream holds fewer than `T + 1` tokens
    public Blocks(String name, TokenStream stream, int T) {
        if (T < 1) {
            throw new IllegalArgumentException("T must be at least 1, was " + T);
        }
        this.stream = stream;
        this.T = T;
        this.count = (stream.length() - 1) / T;
        if (count < 1) {
            throw new BadInputException(
                    name,
                    "its " + stream.length() + " tokens are fewer than one block of " + T + " and its target",
                    "Give more text or shorter blocks (--block)");
        }
    }

    /// Tokens in a block.
    public int T() {
        return T;
    }

    /// Number of whole blocks.
    public int count() {
        return count;
    }

    /// Copies block `b` and its targets to row `row` of `[B,T]` arrays.
    public void copy(int b, int row, int[] ids, int[] targets) {
        if (b < 0 || b >= count) {
            throw new IllegalArgumentException("block must be in 0.." + (count - 1) + ", was " + b);
        }
        stream.copy(b * T, T, ids, row * T);
        stream.copy(b * T + 1, T, targets, row * T);
    }
}
