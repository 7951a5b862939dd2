package dev.tandem.lab.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tandem.lab.BadInputException;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class TokenizerTest {
    static Stream<Tokenizer> tokenizers() {
        return Stream.of(new ByteTokenizer(), new Gpt2Tokenizer());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("tokenizers")
    void decodingGivesTheTextBack(Tokenizer tokenizer) {
        for (String text : new String[] {"", "int x = 1;\n\n\t// Grüße, 世界 🌍", "<|endoftext|> is text", "\r\n\0"}) {
            int[] tokens = tokenizer.encode(text);
            assertThat(tokenizer.decode(tokens)).isEqualTo(text);
            assertThat(Arrays.stream(tokens)).allMatch(token -> token >= 0 && token < tokenizer.vocabularySize());
            assertThat(tokens).doesNotContain(tokenizer.documentSeparator());
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("tokenizers")
    void theSeparatorIsATokenThatDecodesToNothing(Tokenizer tokenizer) {
        int separator = tokenizer.documentSeparator();
        int[] joined = {tokenizer.encode("a")[0], separator, tokenizer.encode("b")[0]};
        assertThat(tokenizer.decode(joined)).isEqualTo("ab");
        assertThat(separator).isLessThan(tokenizer.vocabularySize());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("tokenizers")
    void anIdOutsideTheVocabularyIsRefused(Tokenizer tokenizer) {
        for (int token : new int[] {-1, tokenizer.vocabularySize()}) {
            assertThatThrownBy(() -> tokenizer.decode(new int[] {token}))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(Integer.toString(token));
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("tokenizers")
    void theNameSelectsTheTokenizer(Tokenizer tokenizer) {
        assertThat(Tokenizer.named(tokenizer.name())).hasSameClassAs(tokenizer);
    }

    @Test
    void anUnknownNameIsRefusedWithTheChoices() {
        assertThatThrownBy(() -> Tokenizer.named("words"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContainingAll("words", "bytes", "gpt2");
    }

    @Test
    void gpt2IdsAreGpt2s() {
        assertThat(new Gpt2Tokenizer().encode("Hello world")).containsExactly(15496, 995);
        assertThat(new Gpt2Tokenizer().vocabularySize()).isEqualTo(50_257);
    }

    @Test
    void bytesKeepWhatIsNoUtf8() {
        assertThat(new ByteTokenizer().encode(new byte[] {(byte) 0xff, 0})).containsExactly(255, 0);
    }
}
