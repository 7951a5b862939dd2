package dev.tandem.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class Bf16Test {
    @Test
    void everyValueSurvivesTheWayToF32AndBack() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            float value = Bf16.value((short) bits);
            if (Float.isNaN(value)) {
                assertThat(Bf16.round(value)).isNaN();
            } else {
                assertThat(Bf16.of(value)).isEqualTo((short) bits);
            }
        }
    }

    @Test
    void tiesGoToTheEvenNeighbour() {
        assertThat(Bf16.round(1 + 0x1p-8f)).isEqualTo(1);
        assertThat(Bf16.round(1 + 0x3p-8f)).isEqualTo(1 + 0x1p-6f);
        assertThat(Bf16.round(Math.nextUp(1 + 0x1p-8f))).isEqualTo(1 + 0x1p-7f);
        assertThat(Bf16.round(-1 - 0x1p-8f)).isEqualTo(-1);
    }

    @Test
    void whatIsTooLargeBecomesInfinite() {
        assertThat(Bf16.round(Float.MAX_VALUE)).isInfinite();
        assertThat(Bf16.round(0x1.FEp127f)).isEqualTo(0x1.FEp127f);
        assertThat(Bf16.round(Float.NEGATIVE_INFINITY)).isEqualTo(Float.NEGATIVE_INFINITY);
    }

    @Test
    void aNumberThatIsNoneKeepsBeingNoneWhereItsUpperHalfWouldBeInfinite() {
        assertThat(Bf16.round(Float.intBitsToFloat(0x7F80_0001))).isNaN();
        assertThat(Bf16.round(Float.intBitsToFloat(0xFFFF_FFFF))).isNaN();
    }
}
