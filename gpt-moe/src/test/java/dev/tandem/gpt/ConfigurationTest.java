package dev.tandem.gpt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.tandem.engine.kernel.GateOptions;
import org.junit.jupiter.api.Test;

class ConfigurationTest {
    @Test
    void sizesThatDoNotFitAreRefusedByName() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> GptConfig.gpt3(64, 8, 2, 10, 3))
                .withMessageContaining("H must divide C=10");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> GptConfig.gpt3(64, 8, 1, 8, 2).withExperts(4))
                .withMessageContaining("L");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> GptConfig.gpt3(64, 8, 2, 8, 2).withExperts(1))
                .withMessageContaining("E must be at least 2");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> GptConfig.gpt3(64, 8, 2, 8, 2).withPadding(64))
                .withMessageContaining("padding id must be in 0..V-1=63");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> GptConfig.gpt3(64, 8, 2, 8, 2).withDropout(1))
                .withMessageContaining("dropout");
    }

    @Test
    void expertsReplaceTheSecondBlockOfEachPair() {
        var config = GptConfig.gpt3(64, 8, 5, 8, 2).withExperts(4);
        for (int block = 0; block < 5; block++) {
            assertThat(config.feedForward(block) instanceof FeedForward.Experts).isEqualTo(block % 2 == 1);
        }
        assertThat(config.expertBlocks()).isEqualTo(2);
    }

    @Test
    void unknownModelsAreRefusedWithTheKnownOnes() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Presets.named("moe-16B"))
                .withMessageContaining("moe-15B")
                .withMessageContaining("gpt2-xl");
    }

    @Test
    void capacityIsThatOfThePaper() {
        var gate = GateOptions.training(2);
        assertThat(gate.capacity().slots(12 * 1024, 512)).isEqualTo(48);
        assertThat(gate.capacity().slots(4096, 512)).isEqualTo(16);
    }

    @Test
    void scheduleWarmsUpFromZeroAndDecaysToZero() {
        var schedule = new Schedule(6e-4, 750, 572_204);
        assertThat(schedule.rate(0)).isZero();
        assertThat(schedule.rate(375)).isCloseTo(3e-4, within(1e-18));
        assertThat(schedule.rate(750)).isEqualTo(6e-4);
        assertThat(schedule.rate(751)).isCloseTo(6e-4 * (1 - 1.0 / (572_204 - 750)), within(1e-18));
        assertThat(schedule.rate(572_204)).isZero();
        assertThat(new Schedule(1, 0, 10).rate(0)).isEqualTo(1);
        assertThat(new Schedule(1, 10, 10).rate(5)).isEqualTo(0.5);
        assertThatIllegalArgumentException().isThrownBy(() -> new Schedule(1, 11, 10));
    }
}
