package dev.tandem.bench.step;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class StartUpTest {
    private static final List<Double> ENDS = List.of(5.0, 7.0, 8.05, 9.05, 12.0, 13.0, 14.0, 15.0);

    @Test
    void fullSpeedIsTheFirstStepAsFastAsTheLastOnes() {
        double step = StartUpMain.lastSteps(ENDS);
        assertThat(step).isCloseTo(1, within(1e-9));
        assertThat(StartUpMain.fullSpeed(ENDS, step)).isEqualTo(8.05);
    }

    @Test
    void aProcessThatFailsIsToldByItsLastLine() {
        var problem = new StartUpProblem(Model.SMALL_MOE, "cpu-vector", 2);
        assertThat(problem.result("noise\ntandem-start-up 3 5 0.5 64 unknown\n").peak())
                .isEmpty();
        assertThatThrownBy(() -> problem.result("noise\nout of memory"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("out of memory");
    }
}
