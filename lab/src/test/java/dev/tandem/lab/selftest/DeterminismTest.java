package dev.tandem.lab.selftest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tandem.gpt.Precision;
import dev.tandem.testkit.ReferenceBackend;
import org.junit.jupiter.api.Test;

final class DeterminismTest {
    @Test
    void theHashIsOfWhatTrainingMadeOfTheParameters() {
        try (var backend = ReferenceBackend.open()) {
            assertThat(Determinism.hashAfterTraining(backend, Precision.F32, 2))
                    .isEqualTo(Determinism.hashAfterTraining(backend, Precision.F32, 2))
                    .isNotEqualTo(Determinism.hashAfterTraining(backend, Precision.F32, 0));
        }
    }

    @Test
    void onlyEqualHashesPass() {
        assertThat(new Determinism(Precision.F32, "a", "a").passed()).isTrue();
        assertThat(new Determinism(Precision.F32, "a", "b").passed()).isFalse();
    }
}
