package dev.tandem.lab.text;

import java.nio.charset.StandardCharsets;

/// One token per byte, ids 0–255, and id 256 as document separator. Lossless for any input, and
/// small enough a vocabulary that a small model spends its parameters on the text.
public final class ByteTokenizer implements Tokenizer {
    static final String NAME = "bytes";
    private static final int BYTES = 256;

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public int vocabularySize() {
        return BYTES + 1;
    }

    @Override
    public int documentSeparator() {
        return BYTES;
    }

    @Override
    public int[] encode(byte[] text) {
        int[] tokens = new int[text.length];
        for (int i = 0; i < text.length; i++) {
            tokens[i] = Byte.toUnsignedInt(text[i]);
        }
        return tokens;
    }

    @Override
    public String decode(int[] tokens) {
        byte[] text = new byte[tokens.length];
        int length = 0;
        for (int token : tokens) {
            if (token < 0 || token > BYTES) {
                throw new IllegalArgumentException("token must be in 0.." + BYTES + ", was " + token);
            }
            if (token != BYTES) {
                text[length++] = (byte) token;
            }
        }
        return new String(text, 0, length, StandardCharsets.UTF_8);
    }
}
