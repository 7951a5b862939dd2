package dev.tandem.lab.text;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingType;
import com.knuddels.jtokkit.api.IntArrayList;
import java.nio.charset.StandardCharsets;

/// GPT-2's byte-level byte-pair encoding under GPT-2's own ids (`r50k_base`): 50,256 pieces, and id
/// 50256, `<|endoftext|>`, as document separator. Lossless for well-formed UTF-8. Text that spells
/// `<|endoftext|>` is encoded as ordinary text.
public final class Gpt2Tokenizer implements Tokenizer {
    static final String NAME = "gpt2";
    private static final int SEPARATOR = 50_256;

    private final Encoding encoding = Encodings.newLazyEncodingRegistry().getEncoding(EncodingType.R50K_BASE);

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public int vocabularySize() {
        return SEPARATOR + 1;
    }

    @Override
    public int documentSeparator() {
        return SEPARATOR;
    }

    @Override
    public int[] encode(byte[] text) {
        return encoding.encodeOrdinary(new String(text, StandardCharsets.UTF_8)).toArray();
    }

    @Override
    public String decode(int[] tokens) {
        var pieces = new IntArrayList(tokens.length);
        for (int token : tokens) {
            if (token < 0 || token > SEPARATOR) {
                throw new IllegalArgumentException("token must be in 0.." + SEPARATOR + ", was " + token);
            }
            if (token != SEPARATOR) {
                pieces.add(token);
            }
        }
        return new String(encoding.decodeBytes(pieces), StandardCharsets.UTF_8);
    }
}
