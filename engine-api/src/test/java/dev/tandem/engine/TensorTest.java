package dev.tandem.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TensorTest {
    private final Region region = Backend.of(new RecordingDevice()).region("test");

    @Test
    void slicingTheOutermostDimensionMovesTheOffset() {
        Tensor x = region.floats("x", Role.ACTIVATION, 5, 3, 2);
        assertThat(x.slice(2, 2)).isEqualTo(new Tensor(x.storage(), 12, Shape.of(2, 3, 2)));
        assertThat(x.at(4)).isEqualTo(new Tensor(x.storage(), 24, Shape.of(3, 2)));
        assertThat(x.at(4).at(1).offset()).isEqualTo(26);
    }

    @ParameterizedTest(name = "first={0} count={1}")
    @CsvSource({"-1,1", "0,0", "0,6", "5,1", "2147483647,2"})
    void aSliceStaysInside(int first, int count) {
        Tensor x = region.floats("x", Role.ACTIVATION, 5, 3);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> x.slice(first, count))
                .withMessageContaining("'x'");
    }

    @Test
    void aTensorCannotLeaveItsAllocation() {
        Tensor x = region.floats("x", Role.ACTIVATION, 6);
        assertThatIllegalArgumentException().isThrownBy(() -> new Tensor(x.storage(), 1, Shape.of(6)));
        assertThatIllegalArgumentException().isThrownBy(() -> new Tensor(x.storage(), -1, Shape.of(1)));
    }

    @Test
    void reshapingKeepsTheNumberOfElements() {
        Tensor x = region.floats("x", Role.ACTIVATION, 4, 6);
        assertThat(x.reshape(2, 2, 6).shape()).isEqualTo(Shape.of(2, 2, 6));
        assertThatIllegalArgumentException().isThrownBy(() -> x.reshape(5, 5));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> region.floats("w", Role.WEIGHT, 4, 6).reshape(6, 4))
                .withMessageContaining("weight");
    }

    @Test
    void extentsArePositiveAndTheirProductALong() {
        assertThatIllegalArgumentException().isThrownBy(() -> Shape.of(3, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> Shape.of());
        assertThatExceptionOfType(ArithmeticException.class)
                .isThrownBy(() -> Shape.of(Integer.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE));
        assertThat(Shape.of(65536, 65536).elements()).isEqualTo(1L << 32);
    }
}
