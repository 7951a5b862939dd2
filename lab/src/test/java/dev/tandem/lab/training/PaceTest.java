package dev.tandem.lab.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

final class PaceTest {
    @Test
    void aSlowerMachineShortensThePlan() {
        var pace = new Pace(100, 1, 0);
        for (int i = 0; i < 50; i++) {
            pace.measured(1, 2);
        }
        pace.replan(50, 50);
        assertThat(pace.secondsPerFlop()).isCloseTo(2, within(0.01));
        assertThat(pace.flops()).isCloseTo(75, within(0.5));
    }

    @Test
    void aFasterMachineLengthensItOnlyInTheFirstHalf() {
        var early = new Pace(100, 1, 0);
        early.replan(10, 180);
        assertThat(early.flops()).isEqualTo(190);
        var late = new Pace(100, 1, 0);
        late.replan(60, 80);
        assertThat(late.flops()).isEqualTo(100);
    }

    @Test
    void aDelayOfAPercentChangesNothingLate() {
        var pace = new Pace(100, 1, 0);
        pace.replan(60, 39.6);
        assertThat(pace.flops()).isEqualTo(100);
    }

    @Test
    void whenTheTimeIsOverThePlanIsWhatIsDone() {
        var pace = new Pace(100, 1, 0);
        pace.replan(60, -5);
        assertThat(pace.flops()).isEqualTo(60);
    }

    @Test
    void theLeastIsPlannedEvenWithoutTime() {
        var pace = new Pace(0, 1, 20);
        assertThat(pace.flops()).isEqualTo(20);
        pace.replan(5, -5);
        assertThat(pace.flops()).isEqualTo(20);
    }
}
