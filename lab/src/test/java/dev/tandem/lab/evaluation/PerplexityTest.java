package dev.tandem.lab.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tandem.gpt.Gpt;
import dev.tandem.gpt.GptConfig;
import dev.tandem.lab.data.Blocks;
import dev.tandem.lab.data.Document;
import dev.tandem.lab.data.TokenStream;
import dev.tandem.lab.text.ByteTokenizer;
import dev.tandem.testkit.ReferenceBackend;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PerplexityTest {
    private static final int T = 8;
    private static final GptConfig CONFIG = GptConfig.gpt3(257, T, 1, 8, 2);

    private static Blocks blocks(String text) {
        var document = new Document("text", text.getBytes(StandardCharsets.UTF_8));
        return new Blocks("text", TokenStream.of(List.of(document), new ByteTokenizer()), T);
    }

    @Test
    void theLossIsTheMeanOverAllBlocksWhateverTheBatch() {
        var set = TextSet.of("text", blocks("abcdefgh".repeat(9)), 1000);
        try (var backend = ReferenceBackend.open();
                var model = Gpt.create(backend, CONFIG, 1);
                var one = model.evaluation(1, T);
                var four = model.evaluation(4, T)) {
            double expected = 0;
            int[] ids = new int[T];
            int[] targets = new int[T];
            for (int b = 0; b < set.count(); b++) {
                set.blocks().copy(b, 0, ids, targets);
                for (float nll : one.nll(ids, targets)) {
                    expected += nll;
                }
            }
            assertThat(new Perplexity(one, 1, T).loss(set)).isCloseTo(expected / set.tokens(), within(1e-6));
            assertThat(new Perplexity(four, 4, T).loss(set)).isCloseTo(expected / set.tokens(), within(1e-6));
        }
    }

    @Test
    void blocksOfAnotherLengthAreRefused() {
        var set = TextSet.of("text", blocks("abcdefgh".repeat(9)), 1000);
        try (var backend = ReferenceBackend.open();
                var model = Gpt.create(backend, CONFIG, 1);
                var evaluation = model.evaluation(2, T / 2)) {
            assertThatThrownBy(() -> new Perplexity(evaluation, 2, T / 2).loss(set))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> new Perplexity(evaluation, 3, T)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void aSetIsSpreadEvenlyOverItsText() {
        var blocks = blocks("abcdefgh".repeat(100));
        var set = TextSet.of("text", blocks, 10 * T);
        assertThat(set.count()).isEqualTo(10);
        assertThat(set.block(0)).isZero();
        assertThat(set.block(9)).isEqualTo(90);
        assertThat(TextSet.of("text", blocks, 1).count()).isEqualTo(1);
        assertThatThrownBy(() -> new TextSet("text", blocks, 0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aSampleMayBeLongerThanTheModelsSequences() {
        var tokenizer = new ByteTokenizer();
        int[] prompt = SampleText.prompt(blocks("abcdefgh".repeat(9)));
        assertThat(prompt).hasSize(T / 2);
        try (var backend = ReferenceBackend.open();
                var model = Gpt.create(backend, CONFIG, 1)) {
            String first = SampleText.continued(model, tokenizer, prompt, 5 * T, 3);
            assertThat(first).startsWith("abcd▶").isEqualTo(SampleText.continued(model, tokenizer, prompt, 5 * T, 3));
            assertThat(first).isNotEqualTo(SampleText.continued(model, tokenizer, prompt, 5 * T, 4));
        }
    }
}
