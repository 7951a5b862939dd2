package dev.tandem.gpt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class SamplerTest {
    private static final int DRAWS = 40_000;

    @Test
    void greedyTakesTheLowestIdAmongEqualLogits() {
        assertThat(Sampler.greedy().pick(new float[] {-1, 3, 3, 2}, 4)).isEqualTo(1);
    }

    @Test
    void drawsFollowTheTemperedSoftmax() {
        float[] logits = {0, 1, -2, 0.5f, -0f};
        double[] frequency = frequencies(Sampler.of(0.7, 5), logits);
        double total = 0;
        for (float logit : logits) {
            total += Math.exp(logit / 0.7);
        }
        for (int v = 0; v < logits.length; v++) {
            assertThat(frequency[v]).isCloseTo(Math.exp(logits[v] / 0.7) / total, within(0.012));
        }
    }

    @Test
    void topKKeepsTheLargestLogitsAndOfEqualOnesTheLowerIds() {
        double[] frequency = frequencies(Sampler.of(1, 2, 1, 5), new float[] {1, 5, 5, 5, -3});
        assertThat(frequency[0] + frequency[3] + frequency[4]).isZero();
        assertThat(frequency[1]).isCloseTo(0.5, within(0.012));
    }

    @Test
    void topPKeepsTheFewestTokensThatReachIt() {
        float[] logits = {(float) Math.log(0.5), (float) Math.log(0.3), (float) Math.log(0.2)};
        double[] frequency = frequencies(Sampler.of(1, 3, 0.7, 5), logits);
        assertThat(frequency[2]).isZero();
        assertThat(frequency[0]).isCloseTo(0.625, within(0.012));
    }

    @Test
    void theSeedDeterminesTheDraws() {
        float[] logits = {0, 0, 0, 0, 0, 0, 0, 0};
        var first = Sampler.of(1, 9);
        var second = Sampler.of(1, 9);
        for (int i = 0; i < 100; i++) {
            assertThat(first.pick(logits, 8)).isEqualTo(second.pick(logits, 8));
        }
    }

    @Test
    void nonsenseIsRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> Sampler.of(0, 1)).withMessageContaining("greedy");
        assertThatIllegalArgumentException().isThrownBy(() -> Sampler.of(1, 0, 1, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> Sampler.of(1, 1, 1.5, 1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Sampler.greedy().pick(new float[] {0, Float.NaN}, 2))
                .withMessageContaining("NaN");
    }

    private static double[] frequencies(Sampler sampler, float[] logits) {
        var frequency = new double[logits.length];
        for (int i = 0; i < DRAWS; i++) {
            frequency[sampler.pick(logits, logits.length)] += 1.0 / DRAWS;
        }
        return frequency;
    }
}
