package dev.tandem.gpt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.tandem.engine.Backend;
import dev.tandem.engine.BackendOptions;
import dev.tandem.engine.Bf16;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Q8;
import dev.tandem.engine.Role;
import dev.tandem.testkit.ReferenceBackend;
import dev.tandem.testkit.contract.RequiredBackend;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Decoding by copies of the weights that take fewer bytes.
class DecodingWeightsTest {
    private static final int V = 45;
    private static final int T = 12;
    private static final int L = 2;
    private static final int[] PROMPT = {2, 9, 4, 7, 3};
    private static final int[] NEXT = {5, 1, 44};

    static Stream<Arguments> cases() {
        var dense = GptConfig.gpt2(V, T, L, 48, 4);
        return Stream.of(
                        dense,
                        dense.withExperts(4),
                        GptConfig.gpt3(V, T, L, 48, 4).withExperts(8))
                .flatMap(config -> Stream.of(ElementType.BF16, ElementType.Q8)
                        .flatMap(type -> Stream.of(
                                Arguments.of(ReferenceBackend.NAME, config, type),
                                Arguments.of("cpu-vector", config, type))));
    }

    private static Backend open(String name) {
        return name.equals(ReferenceBackend.NAME)
                ? ReferenceBackend.open()
                : RequiredBackend.open(name, new BackendOptions(2));
    }

    /// The logits behind a prompt and behind each of some tokens.
    private static float[][] logits(Gpt model, ElementType type) {
        try (DecodeSession session = model.decode(1, T, type)) {
            var logits = new float[1 + NEXT.length][];
            logits[0] = session.next(PROMPT);
            for (int i = 0; i < NEXT.length; i++) {
                logits[i + 1] = session.next(NEXT[i]);
            }
            return logits;
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void whereCopiesHaveTheSameValuesLogitsAreTheSame(String name, GptConfig config, ElementType type) {
        try (Backend backend = open(name);
                Gpt model = Gpt.create(backend, config, 11)) {
            model.parameters().forEach((parameter, tensor) -> {
                if (tensor.storage().role() == Role.WEIGHT && !parameter.contains(".gate.")) {
                    int columns = tensor.shape().last();
                    backend.upload(tensor, rounded(backend.floats(tensor), type, columns));
                }
            });
            float[][] wanted = logits(model, ElementType.F32);
            float[][] found = logits(model, type);
            for (int i = 0; i < wanted.length; i++) {
                for (int v = 0; v < V; v++) {
                    // a scale that is computed anew may be another in its last place
                    assertThat(found[i][v]).isCloseTo(wanted[i][v], within(1e-5f));
                }
            }
        }
    }

    private static float[] rounded(float[] values, ElementType type, int columns) {
        if (type == ElementType.Q8) {
            return Q8.values(Q8.of(values, columns), columns);
        }
        float[] rounded = values.clone();
        for (int i = 0; i < rounded.length; i++) {
            rounded[i] = Bf16.round(values[i]);
        }
        return rounded;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void logitsAndProbabilitiesStayNearThoseOfF32(String name, GptConfig config, ElementType type) {
        try (Backend backend = open(name);
                Gpt model = Gpt.create(backend, config, 11)) {
            float[][] wanted = logits(model, ElementType.F32);
            float[][] found = logits(model, type);
            for (int i = 0; i < wanted.length; i++) {
                double largest = 0;
                for (float logit : wanted[i]) {
                    largest = Math.max(largest, Math.abs(logit));
                }
                assertThat(found[i]).isNotEqualTo(wanted[i]);
                for (int v = 0; v < V; v++) {
                    assertThat((double) found[i][v]).isCloseTo(wanted[i][v], within(tolerance(type) * largest));
                }
                assertThat(divergence(wanted[i], found[i])).isBetween(0.0, Math.pow(tolerance(type) * largest, 2));
            }
        }
    }

    /// Each product changes by the norm of the roundings over that of the weights, in random directions; a logit
    /// has come through four products of every block and one more, and four deviations cover all of them.
    private static double tolerance(ElementType type) {
        // uniform roundings: of up to 2⁻⁹ of a weight; of up to a 254th of the largest of a row, which is three
        // deviations of its weights
        double rounding = (type == ElementType.BF16 ? 0x1p-9 : 3.0 / 254) / Math.sqrt(3);
        return 4 * Math.sqrt(4 * L + 1.0) * rounding;
    }

    /// Kullback-Leibler, nats.
    private static double divergence(float[] wanted, float[] found) {
        double[] p = logProbabilities(wanted);
        double[] q = logProbabilities(found);
        double sum = 0;
        for (int v = 0; v < V; v++) {
            sum += Math.exp(p[v]) * (p[v] - q[v]);
        }
        return sum;
    }

    private static double[] logProbabilities(float[] logits) {
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit);
        }
        var result = new double[logits.length];
        for (int v = 0; v < logits.length; v++) {
            result[v] = logits[v] - Math.log(sum);
        }
        return result;
    }

    @Test
    void typesThatTheBackendOrTheModelCannotTakeAreRefused() {
        var config = GptConfig.gpt2(V, T, 1, 16, 2);
        try (Backend backend = ReferenceBackend.open();
                Gpt model = Gpt.create(backend, config, 1);
                Gpt half = Gpt.create(backend, config, Precision.BF16, 1)) {
            long before = backend.memoryUsage().tensors();
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> model.decode(1, T, ElementType.I32))
                    .withMessageContaining("'reference' does not decode by weights in I32")
                    .withMessageContaining("leave them F32");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> half.decode(1, T, ElementType.Q8))
                    .withMessageContaining("activations in BF16");
            assertThat(backend.memoryUsage().tensors()).isEqualTo(before);
        }
    }
}
