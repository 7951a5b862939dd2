package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.tandem.cuda.Matmul.Epilogue;
import dev.tandem.cuda.Matmul.Matrix;
import dev.tandem.engine.ElementType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class MatmulTest {
    @Test
    void productsAreTransposesWithTheirOperandsReversed() {
        assertThat(Matmul.forward(ElementType.BF16, ElementType.F32, 5, 7, 3, 2, Epilogue.BIAS)
                        .key())
                .isEqualTo("BF16:3x7T*BF16:3x5=F32:7x5 batch 2 BIAS");
        assertThat(Matmul.backward(ElementType.BF16, 5, 7, 3, 2).key())
                .isEqualTo("BF16:3x7*BF16:7x5=BF16:3x5 batch 2 NONE");
        assertThat(Matmul.gradient(ElementType.BF16, 5, 7, 3, 2).key())
                .isEqualTo("BF16:3x5*BF16:7x5T+=F32:3x7 batch 2 NONE");
    }

    @ParameterizedTest
    @CsvSource({"2, 3, 3, 4, 2, 4, true", "2, 3, 4, 3, 2, 4, false", "2, 3, 3, 4, 4, 2, false"})
    void operandsMustFit(int aRows, int aColumns, int bRows, int bColumns, int rows, int columns, boolean fits) {
        var a = new Matrix(ElementType.F32, aRows, aColumns);
        var b = new Matrix(ElementType.F32, bRows, bColumns);
        var d = new Matrix(ElementType.F32, rows, columns);
        if (fits) {
            assertThat(new Matmul(a, false, b, false, d, 1, true, Epilogue.NONE).depth())
                    .isEqualTo(3);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new Matmul(a, false, b, false, d, 1, true, Epilogue.BIAS));
        } else {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new Matmul(a, false, b, false, d, 1, false, Epilogue.NONE));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "false, false, false, NONE",
        "true, false, false, BIAS",
        "false, true, false, GELU",
        "true, true, false, GELU_BIAS",
        "false, true, true, GELU_SAVED",
        "true, true, true, GELU_SAVED_BIAS"
    })
    void epiloguesAreWhatTheyAdd(boolean adds, boolean activates, boolean saves, Epilogue epilogue) {
        assertThat(Epilogue.of(adds, activates, saves))
                .isEqualTo(epilogue)
                .matches(it -> it.adds() == adds && it.activates() == activates && it.saves() == saves);
    }
}
