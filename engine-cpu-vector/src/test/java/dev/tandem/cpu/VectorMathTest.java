package dev.tandem.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.function.UnaryOperator;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;

/// That the tails of the functions end in zeros. How exact they are elsewhere is the contracts' affair.
final class VectorMathTest {
    private static final int STEPS_PER_UNIT = 64;
    // What may become of a value times a gradient, a token's share and an expert's weight, and still be normal.
    private static final float LEAST = 0x1p-72f;

    private static final Map<String, UnaryOperator<FloatVector>> FUNCTIONS = Map.of(
            "exp2", VectorMath::exp2,
            "exp", VectorMath::exp,
            "gelu", VectorMath::gelu,
            "gelu'", VectorMath::geluDerivative,
            "tanh gelu", VectorMath::geluTanh,
            "tanh gelu'", VectorMath::geluTanhDerivative);

    @Test
    void tailsAreZeroBeforeTheyAreTooSmallToMultiply() {
        FUNCTIONS.forEach((name, function) -> {
            int zeros = 0;
            for (int i = -200 * STEPS_PER_UNIT; i < 0; i++) {
                float x = (float) i / STEPS_PER_UNIT;
                float y = Math.abs(function.apply(Lanes.broadcast(x)).lane(0));
                assertThat(y == 0 || y >= LEAST).as("%s(%s) = %s", name, x, y).isTrue();
                zeros += y == 0 ? 1 : 0;
            }
            assertThat(zeros).as("zeros of %s", name).isGreaterThan(100 * STEPS_PER_UNIT);
        });
    }

    @Test
    void notANumberStays() {
        FUNCTIONS.forEach((name, function) -> assertThat(
                        function.apply(Lanes.broadcast(Float.NaN)).lane(0))
                .as(name)
                .isNaN());
    }
}
