package dev.tandem.bench.peer;

import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNoException;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AnswerCheckTest {
    private static final Product QUESTION = Product.hot(1, 4, 4);
    private static final double ROUNDING = 0x1p-11;

    private static void compare(double rounding, boolean exact, float found) {
        var entrant = new Entrant("library", List.of(), Map.of(), rounding, setting -> {
            throw new AssertionError("it has answered");
        });
        AnswerCheck.require(QUESTION, entrant, List.of(answer(exact, found)), List.of(answer(exact, 1)));
    }

    private static Answer answer(boolean exact, float last) {
        return new Answer("y", exact, FloatBuffer.wrap(new float[] {-2, last}));
    }

    @Test
    void acceptsWhatDiffersByRounding() {
        assertThatNoException().isThrownBy(() -> compare(0, false, 1 + 0x1p-21f));
    }

    @Test
    void refusesWhatRoundsMore() {
        assertThatIllegalStateException()
                .isThrownBy(() -> compare(0, false, 1 + 0x1p-11f))
                .withMessageContaining("library and Tandem disagree");
    }

    @Test
    void acceptsTheRoundingThatAnEntrantNames() {
        assertThatNoException().isThrownBy(() -> compare(ROUNDING, false, 1 + 0x1p-11f));
    }

    @Test
    void refusesMoreThanTheEntrantNames() {
        assertThatIllegalStateException().isThrownBy(() -> compare(ROUNDING, false, 1 + 0x1p-9f));
    }

    @Test
    void countsHaveNoRounding() {
        assertThatIllegalStateException().isThrownBy(() -> compare(ROUNDING, true, 1 + 0x1p-20f));
    }
}
