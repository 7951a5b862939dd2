package dev.tandem.lab.data;

import dev.tandem.lab.text.Tokenizer;
import java.util.List;

/// Documents as one run of tokens, each followed by the separator. Two bytes per token.
public final class TokenStream {
    private static final int LARGEST_VOCABULARY = 1 << 16;
    private final char[] tokens;

    private TokenStream(char[] tokens) {
        this.tokens = tokens;
    }

    /// Encodes the documents in their order.
    ///
    /// @throws IllegalArgumentException if the vocabulary exceeds 65,536 or the text 2³¹ tokens
    public static TokenStream of(List<Document> documents, Tokenizer tokenizer) {
        if (tokenizer.vocabularySize() > LARGEST_VOCABULARY) {
            throw new IllegalArgumentException("vocabulary must hold at most " + LARGEST_VOCABULARY + " tokens, was "
                    + tokenizer.vocabularySize());
        }
        List<char[]> encoded = documents.parallelStream()
                .map(document -> narrow(tokenizer.encode(document.text()), tokenizer.documentSeparator()))
                .toList();
        long length = encoded.stream().mapToLong(part -> part.length).sum();
        char[] tokens = new char[Math.toIntExact(length)];
        int next = 0;
        for (char[] part : encoded) {
            System.arraycopy(part, 0, tokens, next, part.length);
            next += part.length;
        }
        return new TokenStream(tokens);
    }

    private static char[] narrow(int[] document, int separator) {
        char[] narrow = new char[document.length + 1];
        for (int i = 0; i < document.length; i++) {
            narrow[i] = (char) document[i];
        }
        narrow[document.length] = (char) separator;
        return narrow;
    }

    /// Number of tokens, separators included.
    public int length() {
        return tokens.length;
    }

    /// Copies `count` tokens from position `first` to `target[at…]`.
    void copy(int first, int count, int[] target, int at) {
        for (int i = 0; i < count; i++) {
            target[at + i] = tokens[first + i];
        }
    }
}
