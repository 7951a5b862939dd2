package dev.tandem.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;

class Q8Test {
    @Test
    void integersComeFirstThenTheScaleOfEveryRow() {
        byte[] host = Q8.of(new float[] {127, -63.4f, 0.5f, -254, 3, 1}, 3);
        assertThat(host).hasSize(6 + 2 * Float.BYTES).startsWith(127, -63, 0, -127, 2, 0);
        MemorySegment scales = MemorySegment.ofArray(host);
        assertThat(scales.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 6)).isEqualTo(1);
        assertThat(scales.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 6 + Float.BYTES))
                .isEqualTo(2);
        assertThat(Q8.values(host, 3)).containsExactly(127, -63, 0, -254, 4, 0);
    }

    @Test
    void aValueIsOffByHalfAScaleAtMost() {
        var random = new Random(3);
        int columns = 33;
        var values = new float[10 * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian() * (1 + i / columns);
        }
        float[] found = Q8.values(Q8.of(values, columns), columns);
        for (int r = 0; r < 10; r++) {
            float largest = 0;
            for (int i = r * columns; i < (r + 1) * columns; i++) {
                largest = Math.max(largest, Math.abs(values[i]));
            }
            for (int i = r * columns; i < (r + 1) * columns; i++) {
                assertThat(Math.abs(found[i] - values[i])).isLessThanOrEqualTo(largest / 254 * 1.00001f);
            }
        }
    }

    @Test
    void aRowOfZerosHasTheScaleZeroAndOneThatIsNotFiniteBecomesNaN() {
        assertThat(Q8.of(new float[] {0, -0.0f}, 2)).containsOnly(0);
        assertThat(Q8.values(Q8.of(new float[] {Float.MIN_VALUE, 0}, 2), 2)).containsOnly(0);
        assertThat(Q8.values(Q8.of(new float[] {1, Float.NaN, 1, Float.POSITIVE_INFINITY}, 2), 2))
                .containsOnly(Float.NaN);
    }

    @Test
    void rowsAreWhole() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Q8.of(new float[5], 3))
                .withMessageContaining("no whole rows of 3");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Q8.values(new byte[8], 3))
                .withMessageContaining("no whole rows of 3");
    }
}
