package dev.tandem.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class SamplesTest {
    @Test
    void oneDisturbedRoundDoesNotMoveTheMiddle() {
        assertThat(new Samples(1, 1.1, 0.9, 1, 50).median()).isEqualTo(1);
    }

    @Test
    void evenNumbersOfRoundsMeetInTheMiddle() {
        assertThat(new Samples(4, 1, 2, 3).median()).isEqualTo(2.5);
    }

    @Test
    void uncertaintyIsTheStandardErrorOfTheMedian() {
        // deviations 2 1 0 1 2, their median 1: 1.2533 · 1.4826 · 1 / √5 of 10
        assertThat(new Samples(8, 9, 10, 11, 12).uncertainty()).isCloseTo(0.0831, within(1e-4));
    }

    @Test
    void roundsThatAgreeLeaveNoUncertainty() {
        assertThat(new Samples(3, 3, 3).uncertainty()).isZero();
    }

    @Test
    void noRoundsAreRefused() {
        assertThatIllegalArgumentException().isThrownBy(Samples::new);
    }
}
