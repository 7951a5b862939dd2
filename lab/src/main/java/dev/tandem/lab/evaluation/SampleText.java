package dev.tandem.lab.evaluation;

import dev.tandem.gpt.Gpt;
import dev.tandem.gpt.Sampler;
import dev.tandem.lab.data.Blocks;
import dev.tandem.lab.text.Tokenizer;
import java.util.Arrays;

/// Lets a model continue a piece of text, also beyond the length of its sequences: when a session
/// is full, the next one begins with the last half of it.
public final class SampleText {
    private static final double TEMPERATURE = 0.8;
    private static final int TOP_K = 40;

    private SampleText() {}

    /// First half of the block in the middle of a text.
    public static int[] prompt(Blocks blocks) {
        int[] ids = new int[blocks.T()];
        blocks.copy(blocks.count() / 2, 0, ids, new int[ids.length]);
        return Arrays.copyOf(ids, Math.max(1, ids.length / 2));
    }

    /// Continues a prompt by `count` tokens, drawn at temperature 0.8 from the 40 most probable
    /// ones.
    ///
    /// @return prompt and continuation as text, parted by `▶`
    public static String continued(Gpt model, Tokenizer tokenizer, int[] prompt, int count, long seed) {
        int T = model.config().T();
        int[] tokens = Arrays.copyOf(prompt, prompt.length + count);
        int length = prompt.length;
        var sampler = Sampler.of(TEMPERATURE, TOP_K, 1, seed);
        try (var session = model.decode(T)) {
            while (length < tokens.length) {
                session.clear();
                int kept = Math.min(length, Math.max(1, T / 2));
                int[] context = Arrays.copyOfRange(tokens, length - kept, length);
                int[] next = session.generate(context, tokens.length - length, sampler);
                System.arraycopy(next, 0, tokens, length, next.length);
                length += next.length;
            }
        }
        return tokenizer.decode(prompt)
                + "▶"
                + tokenizer.decode(Arrays.copyOfRange(tokens, prompt.length, tokens.length));
    }
}
