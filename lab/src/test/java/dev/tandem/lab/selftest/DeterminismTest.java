package dev.tandem.lab.selftest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tandem.testkit.ReferenceBackend;
import org.junit.jupiter.api.Test;

final class DeterminismTest {
    @Test
    void theHashIsOfWhatTrainingMadeOfTheParameters() {
        try (var backend = ReferenceBackend.open()) {
            assertThat(Determinism.hashAfterTraining(backend, 2))
                    .isEqualTo(Determinism.hashAfterTraining(backend, 2))
                    .isNotEqualTo(Determinism.hashAfterTraining(backend, 0));
        }
    }

    @Test
    void onlyEqualHashesPass() {
        assertThat(new Determinism("a", "a").passed()).isTrue();
        assertThat(new Determinism("a", "b").passed()).isFalse();
    }
}
