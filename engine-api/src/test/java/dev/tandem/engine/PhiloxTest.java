package dev.tandem.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class PhiloxTest {
    private static final int COUNT = 200_000;

    @Test
    void agreesWithThePublishedKnownAnswer() {
        int[] words = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
        for (int lane = 0; lane < 4; lane++) {
            assertThat(Philox.word(0, 0, lane)).isEqualTo(words[lane]);
        }
    }

    @Test
    void everyArgumentMatters() {
        int word = Philox.word(1, 2, 3);
        assertThat(word)
                .isNotEqualTo(Philox.word(1L << 32 | 1, 2, 3))
                .isNotEqualTo(Philox.word(1, 1L << 32 | 2, 3))
                .isNotEqualTo(Philox.word(1, 2, 1L << 40 | 3))
                .isNotEqualTo(Philox.word(1, 2, 2));
    }

    @Test
    void momentsAreThoseOfTheDistributions() {
        double uniform = 0;
        double normal = 0;
        double square = 0;
        double gumbel = 0;
        for (int i = 0; i < COUNT; i++) {
            float u = Philox.uniform(7, 1, i);
            assertThat(u).isBetween(0f, Math.nextDown(1f));
            double z = Philox.normal(7, 2, i);
            uniform += u;
            normal += z;
            square += z * z;
            gumbel += Philox.gumbel(7, 3, i);
        }
        double fiveSigma = 5 / Math.sqrt(COUNT);
        assertThat(uniform / COUNT).isCloseTo(0.5, within(fiveSigma * Math.sqrt(1.0 / 12)));
        assertThat(normal / COUNT).isCloseTo(0, within(fiveSigma));
        assertThat(square / COUNT).isCloseTo(1, within(fiveSigma * Math.sqrt(2)));
        assertThat(gumbel / COUNT).isCloseTo(0.5772156649, within(fiveSigma * Math.PI / Math.sqrt(6)));
    }
}
