package dev.tandem.bench.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.tandem.bench.Load;
import dev.tandem.engine.Backend;
import dev.tandem.engine.BackendOptions;
import dev.tandem.engine.Backends;
import dev.tandem.engine.ElementType;
import dev.tandem.gpt.DecodeSession;
import dev.tandem.gpt.Gpt;
import dev.tandem.gpt.GptConfig;
import dev.tandem.gpt.Precision;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GgmlTest {
    private static final Setting SETTING = new Setting("cpu-vector", 2);
    private static final int[] PROMPT = {3, 14, 15, 9, 2};
    private static final int[] NEXT = {6, 5};

    @BeforeAll
    static void needsOpenMp() {
        try {
            GgmlLibrary.openMp();
        } catch (LinkageError e) {
            Assumptions.abort(e.getMessage());
        }
    }

    @ParameterizedTest(name = "N={0} E={1}")
    @CsvSource({"1,4", "5,4", "33,7"}) // one token, more choices than experts, uneven numbers
    void expertsAgreeWithTandemAtEveryCall(int N, int E) {
        var question = new MoeQuestion(N, 64, 256, E, Load.ZIPF, false);
        Entrant entrant = Ggml.entrant(Ggml.GELU_ROUNDING, setting -> new GgmlMoe(setting, question));
        try (Contestant tandem = new TandemMoe(SETTING, question);
                Contestant ggml = entrant.opening().open(SETTING)) {
            List<Answer> wanted = tandem.answers();
            AnswerCheck.require(question, entrant, ggml.answers(), wanted);
            ggml.run(); // on an input that no result may have overwritten
            AnswerCheck.require(question, entrant, ggml.answers(), wanted);
        }
    }

    @ParameterizedTest
    @CsvSource({"false, F32", "true, F32", "false, BF16"})
    void modelContinuesTextAsTandemDoes(boolean experts, ElementType weights) {
        var dense = GptConfig.gpt2(97, 16, 2, 32, 4);
        var config = experts ? dense.withExperts(4) : dense;
        var ggml = new Ggml(SETTING);
        try (Backend tandem = Backends.open(SETTING.backend(), new BackendOptions(SETTING.threads()));
                Gpt original = Gpt.create(tandem, config, Precision.F32, 7);
                DecodeSession session = original.decode(1, config.T(), weights);
                var tensors = new GgmlTensors(ggml)) {
            var parameters = new GgmlParameters(tensors, tandem, original.parameters(), config, weights);
            var model = new GgmlGpt(config, tensors, parameters);
            int T = PROMPT.length;
            double rounding = weights == ElementType.F32 ? Ggml.GELU_ROUNDING : DecodeQuestion.HALF_ROUNDING;
            MemorySegment mask = tensors.floats(GgmlDecode.mask(T), T, T);
            assertClose(rounding, next(ggml, model, tensors.integers(PROMPT), mask, 0, T), session.next(PROMPT));
            for (int id : NEXT) {
                MemorySegment token = tensors.integers(id);
                float[] found = next(ggml, model, token, MemorySegment.NULL, session.length(), 1);
                assertClose(rounding, found, session.next(id));
            }
        }
    }

    private static float[] next(Ggml ggml, GgmlGpt model, MemorySegment ids, MemorySegment mask, int length, int T) {
        var graph = new GgmlGraph(ggml);
        MemorySegment logits = model.next(graph, ids, mask, length, T);
        graph.place();
        graph.run();
        return ggml.data(logits).toArray(ValueLayout.JAVA_FLOAT);
    }

    private static void assertClose(double rounding, float[] found, float[] wanted) {
        AnswerCheck.compare("ggml", "a text", rounding, new Answer("logits", found), new Answer("logits", wanted));
    }

    @Test
    void modelWithAnotherGeluIsRefused() {
        var config = GptConfig.gpt3(97, 16, 2, 32, 4);
        var ggml = new Ggml(SETTING);
        try (Backend tandem = Backends.open(SETTING.backend(), new BackendOptions(SETTING.threads()));
                Gpt original = Gpt.create(tandem, config, Precision.F32, 7);
                var tensors = new GgmlTensors(ggml)) {
            var parameters = new GgmlParameters(tensors, tandem, original.parameters(), config, ElementType.F32);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new GgmlGpt(config, tensors, parameters))
                    .withMessage("GELU must be TANH for ggml, was ERF");
        }
    }

    @Test
    void functionRefusesArgumentsThatItDoesNotTake() {
        var functions = new GgmlFunctions(GgmlLibrary.load());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> functions.call("ggml_nbytes", 1L))
                .withMessageContaining("ggml_nbytes");
        assertThatIllegalArgumentException().isThrownBy(() -> functions.call("ggml_nbytes"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> functions.call("ggml_nrows", MemorySegment.NULL))
                .withMessageContaining("ggml_nrows");
    }

    @Test
    void extentMayBeAnInt() {
        var ggml = new Ggml(SETTING);
        var graph = new GgmlGraph(ggml);
        try (var tensors = new GgmlTensors(ggml)) {
            MemorySegment row = graph.node("view_2d", tensors.zeros(3, 5), 5, 1, 5 * Float.BYTES, 0);
            assertThat(ggml.number("ggml_nbytes", row)).isEqualTo(5 * Float.BYTES);
        }
    }
}
