package dev.tandem.bench.step;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tandem.bench.Room;
import dev.tandem.bench.report.StartUp;
import dev.tandem.engine.Backend;
import dev.tandem.engine.BackendOptions;
import dev.tandem.engine.Backends;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StartUpTest {
    private static final List<Double> ENDS = List.of(5.0, 7.0, 8.05, 9.05, 12.0, 13.0, 14.0, 15.0);

    @Test
    void fullSpeedIsTheFirstStepAsFastAsTheLastOnes() {
        double step = StartUpMain.lastSteps(ENDS);
        assertThat(step).isCloseTo(1, within(1e-9));
        assertThat(StartUpMain.fullSpeed(ENDS, step)).isEqualTo(8.05);
    }

    @ParameterizedTest
    @EnumSource
    void aProcessRunsWhatItsPlanIsOf(StartUp.Kind kind) {
        var start = new StartUpProblem(kind, Model.SMALL_MOE, "cpu-vector", 2)
                .result("tandem-start-up 3 5 0.5 64 unknown\n");
        try (Backend backend = Backends.open("cpu-vector", new BackendOptions(2));
                var room = new Room(backend)) {
            StartUpMain.step(room, kind, Model.SMALL_MOE).run();
            assertThat(backend.memoryUsage().tensors() / start.tensors()).isCloseTo(1, within(0.01));
        }
    }

    @Test
    void aProcessThatFailsIsToldByItsLastLine() {
        var problem = new StartUpProblem(StartUp.Kind.TRAINING, Model.SMALL_MOE, "cpu-vector", 2);
        assertThat(problem.result("noise\ntandem-start-up 3 5 0.5 64 unknown\n").peak())
                .isEmpty();
        assertThatThrownBy(() -> problem.result("noise\nout of memory"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("out of memory");
    }
}
