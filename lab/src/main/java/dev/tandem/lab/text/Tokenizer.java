package dev.tandem.lab.text;

import dev.tandem.lab.BadInputException;
import java.nio.charset.StandardCharsets;

/// Maps text to token ids and back. Encoding never fails and never yields the document separator:
/// whoever joins documents appends it, so text that spells the separator stays text.
///
///     decode(encode(text)) = text        for well-formed UTF-8
public sealed interface Tokenizer permits ByteTokenizer, Gpt2Tokenizer {
    /// The name that selects this tokenizer on the command line and stands in reports.
    String name();

    /// Number of ids; every id lies in `0 ≤ id < vocabularySize()`.
    int vocabularySize();

    /// The id that ends each document; it occurs in no encoded text.
    int documentSeparator();

    /// Token ids of one document.
    ///
    /// @param text UTF-8; malformed sequences become U+FFFD unless the tokenizer works on bytes
    int[] encode(byte[] text);

    /// The text of the ids; separators yield nothing, bytes that form no character yield U+FFFD.
    ///
    /// @throws IllegalArgumentException if an id lies outside the vocabulary
    String decode(int[] tokens);

    /// Token ids of one document.
    default int[] encode(String text) {
        return encode(text.getBytes(StandardCharsets.UTF_8));
    }

    /// The tokenizer of that name: `bytes` or `gpt2`.
    ///
    /// @throws IllegalArgumentException if there is none of that name
    static Tokenizer named(String name) {
        return switch (name) {
            case ByteTokenizer.NAME -> new ByteTokenizer();
            case Gpt2Tokenizer.NAME -> new Gpt2Tokenizer();
            default ->
                throw new BadInputException(
                        "tokenizer '" + name + "'",
                        "there is no tokenizer of that name",
                        "Choose bytes (257 tokens, best for small models) or gpt2 (50,257 byte-pair tokens)");
        };
    }
}
