package dev.tandem.engine.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CapacityTest {
    @ParameterizedTest(name = "factor {0}, N={1}, E={2}: {3} slots")
    @CsvSource({
        "2, 12288, 512, 48",
        "2, 4096, 512, 16",
        "2, 33, 2, 34",
        "1.25, 96, 8, 15",
        "0.5, 9, 12, 1",
        "8, 64, 4, 128"
    })
    void trainingCapacityIsTheFactorTimesTheRoundedUpShare(double factor, int N, int E, int S) {
        assertThat(new Capacity.Training(factor).slots(N, E)).isEqualTo(S);
    }

    @ParameterizedTest(name = "fraction {0}, N={1}: {2} slots")
    @CsvSource({"0.046875, 1024, 48", "0.07, 100, 8", "0.25, 60, 15", "1, 7, 7"})
    void evaluationCapacityIsRoundedUpInDoublePrecision(double fraction, int N, int S) {
        assertThat(new Capacity.Fraction(fraction).slots(N, 512)).isEqualTo(S);
    }

    @Test
    void droplessHasRoomForEveryToken() {
        assertThat(new Capacity.Dropless().slots(77, 4)).isEqualTo(77);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, -1, Double.NaN, Double.POSITIVE_INFINITY})
    void aCapacityMustBePositive(double value) {
        assertThatIllegalArgumentException().isThrownBy(() -> new Capacity.Training(value));
        assertThatIllegalArgumentException().isThrownBy(() -> new Capacity.Fraction(value));
    }

    @Test
    void paddedRowsGrowWithTheExpertsAndCompactOnesWithTheTokens() {
        GateOptions training = GateOptions.training(2);
        assertThat(training.rows(96, 8)).isEqualTo(8 * 24);
        assertThat(training.dropless().rows(96, 8)).isEqualTo(2 * 96);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new GateOptions(2, SecondPolicy.ALL, false, false, new Capacity.Dropless(), false)
                        .rows(1 << 24, 512))
                .withMessageContaining("compact");
    }

    @Test
    void noisyPoliciesNeedTwoExpertsPerToken() {
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> new GateOptions(1, SecondPolicy.SAMPLING, false, false, new Capacity.Training(2), false));
    }
}
