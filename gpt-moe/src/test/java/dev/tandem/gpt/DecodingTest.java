package dev.tandem.gpt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.tandem.engine.Backend;
import dev.tandem.testkit.ReferenceBackend;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DecodingTest {
    private static final int V = 17;
    private static final int T = 20;

    static Stream<GptConfig> models() {
        var dense = GptConfig.gpt3(V, T, 2, 16, 4);
        return Stream.of(
                dense, dense.withExperts(4), dense.withExperts(8).withPadding(1), GptConfig.gpt2(V, T, 2, 16, 4));
    }

    @ParameterizedTest
    @MethodSource("models")
    void greedyDecodingWithACacheEqualsRecomputation(GptConfig config) {
        int[] prompt = {2, 9, 4, 7, 3};
        try (Backend backend = ReferenceBackend.open();
                Gpt model = Gpt.create(backend, config, 11);
                DecodeSession session = model.decode(T)) {
            int[] cached = session.generate(prompt, 12, Sampler.greedy());
            assertThat(cached).hasSize(12).containsExactly(recomputed(model, prompt, 12));
            session.clear();
            assertThat(session.generate(prompt, 12, Sampler.greedy())).containsExactly(cached);
        }
    }

    private static int[] recomputed(Gpt model, int[] prompt, int count) {
        int[] text = prompt;
        for (int i = 0; i < count; i++) {
            try (Evaluation evaluation = model.evaluation(1, text.length)) {
                float[] logits = evaluation.logits(text);
                int first = (text.length - 1) * V;
                int next = Sampler.greedy().pick(Arrays.copyOfRange(logits, first, first + V), V);
                text = Arrays.copyOf(text, text.length + 1);
                text[text.length - 1] = next;
            }
        }
        return Arrays.copyOfRange(text, prompt.length, text.length);
    }

    @Test
    void severalTextsAreContinuedAsIfEachWereAlone() {
        try (Backend backend = ReferenceBackend.open();
                Gpt model = Gpt.create(backend, GptConfig.gpt3(V, T, 2, 16, 4).withExperts(4), 11);
                DecodeSession both = model.decode(2, T);
                DecodeSession one = model.decode(T)) {
            float[] together = both.next(2, 5, 8, 3, 1, 4);
            for (int b = 0; b < 2; b++) {
                one.clear();
                float[] alone = b == 0 ? one.next(2, 5, 8) : one.next(3, 1, 4);
                for (int v = 0; v < V; v++) {
                    assertThat(together[b * V + v]).isCloseTo(alone[v], within(1e-6f));
                }
            }
            assertThat(both.next(6, 7)).hasSize(2 * V);
            assertThat(both.length()).isEqualTo(4);
            assertThat(both.remaining()).isEqualTo(T - 4);
        }
    }

    @Test
    void aFullSessionStopsAndSaysSo() {
        try (Backend backend = ReferenceBackend.open();
                Gpt model = Gpt.create(backend, GptConfig.gpt3(V, T, 1, 8, 2).withPadding(1), 11);
                DecodeSession session = model.decode(6)) {
            assertThat(session.generate(new int[] {2, 3, 4}, 100, Sampler.greedy()))
                    .hasSize(4);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> session.next(2, 3))
                    .withMessageContaining("positions left");
            session.clear();
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> session.next(2, 1))
                    .withMessageContaining("padding");
        }
    }
}
