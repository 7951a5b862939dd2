package dev.tandem.gpt.cost;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tandem.gpt.GptConfig;
import dev.tandem.gpt.Preset;
import dev.tandem.gpt.Presets;
import java.math.BigDecimal;
import java.math.MathContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The golden numbers of the paper and of its public logs.
class PaperNumbersTest {
    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "dense-125M, 123658752, 0",
        "dense-355M, 353781760, 0",
        "dense-1.3B, 1311543296, 0",
        "dense-6.7B, 6650044416, 0",
        "moe-15B, 97683456, 14507311104",
        "moe-52B, 259348480, 51571064832"
    })
    void parametersAreThoseOfThePaper(String name, long nonExpert, long expert) {
        var count = ParameterCount.of(Presets.named(name).config());
        assertThat(count.nonExpert()).isEqualTo(nonExpert);
        assertThat(count.expert()).isEqualTo(expert);
        assertThat(count.total()).isEqualTo(nonExpert + expert);
    }

    @Test
    void totalsAreThoseOfThePaper() {
        assertThat(ParameterCount.of(Presets.named("moe-15B").config()).total()).isEqualTo(14_604_994_560L);
        assertThat(ParameterCount.of(Presets.named("moe-52B").config()).total()).isEqualTo(51_830_413_312L);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"moe-15B, 154.4", "moe-52B, 460.8"})
    void activeParametersAreThoseOfThePaper(String name, double millions) {
        var count = ParameterCount.of(Presets.named(name).config());
        assertThat(count.active() / 1e6).isCloseTo(millions, within(0.05));
        assertThat(count.active()).isEqualTo(count.nonExpert() + count.expert() * 2 / 512);
    }

    @Test
    void parametersAreThoseOfThePublicLogs() {
        var small = ParameterCount.of(GptConfig.gpt3(50_000, 2048, 24, 2048, 32).withExperts(8));
        assertThat(small.nonExpert()).isEqualTo(908_423_168L);
        assertThat(small.expert() / 8).isEqualTo(402_776_064L);
        var large = ParameterCount.of(GptConfig.gpt3(50_000, 2048, 32, 4096, 32).withExperts(64));
        assertThat(large.total()).isEqualTo(141_965_271_040L);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"gpt2, 124439808", "gpt2-medium, 354823168", "gpt2-large, 774030080", "gpt2-xl, 1557611200"})
    void parametersAreThoseOfGpt2(String name, long total) {
        assertThat(ParameterCount.of(Presets.named(name).config()).total()).isEqualTo(total);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "dense-125M, 0.363560",
        "dense-355M, 1.058528",
        "dense-1.3B, 3.566607",
        "dense-6.7B, 17.119012",
        "moe-15B, 0.431508",
        "moe-52B, 1.300118",
        "gpt3-760M, 2.131373",
        "gpt3-175B, 430.1732"
    })
    void trainingCostIsThatOfThePaperToSixDigits(String name, double zettaflops) {
        double computed = FlopCount.paperZettaflops(Presets.named(name).config());
        assertThat(sixDigits(computed)).isEqualByComparingTo(sixDigits(zettaflops));
    }

    private static BigDecimal sixDigits(double value) {
        return new BigDecimal(value).round(new MathContext(6));
    }

    @Test
    void trainingCostFollowsTheClosedFormula() {
        for (Preset preset : Presets.all()) {
            GptConfig config = preset.config();
            double C = config.C();
            double kappa = config.expertBlocks() > 0 ? 4.0 / 3 : 1;
            double closed =
                    96 * 300e9 * config.L() * C * C * (kappa + 2048 / (6 * C) + 50_000 / (16 * config.L() * C)) / 1e21;
            assertThat(FlopCount.paperZettaflops(config)).as(preset.name()).isCloseTo(closed, within(1e-12 * closed));
        }
    }

    @Test
    void twinsHaveTheSameShapeAndPointAtEachOther() {
        for (Preset preset : Presets.all()) {
            preset.twin().map(Presets::named).ifPresent(twin -> {
                assertThat(twin.twin()).contains(preset.name());
                assertThat(twin.config().L()).isEqualTo(preset.config().L());
                assertThat(twin.config().C()).isEqualTo(preset.config().C());
                assertThat(twin.config().H()).isEqualTo(preset.config().H());
            });
        }
    }

    @Test
    void trainingFlopsCountForwardOnceAndBackwardTwice() {
        // L=2 C=8 F=32 T=16 V=64, top-2 of 4 experts in block 1
        var count = FlopCount.of(GptConfig.gpt3(64, 16, 2, 8, 2).withExperts(4), 16);
        assertThat(count.attention()).isEqualTo(2 * (8 * 64 + 4 * 16 * 8));
        assertThat(count.feedForward()).isEqualTo(4 * 8 * 32 + 2 * 4 * 8 * 32);
        assertThat(count.gate()).isEqualTo(2 * 8 * 4);
        assertThat(count.head()).isEqualTo(2 * 8 * 64);
        assertThat(count.training()).isEqualTo(3 * count.forward());
    }

    @Test
    void memoryPlanCountsFourTensorsPerParameterInTraining() {
        var config = Presets.named("moe-1.1T").config();
        long parameters = ParameterCount.of(config).total() * Float.BYTES;
        var plan = MemoryPlan.training(config, 1, 2048, 1);
        long positions = 4096L * 2050 * Float.BYTES; // 2048, and two rows up to the padding id
        assertThat(plan.parts().get(0).bytes()).isEqualTo(parameters + positions);
        assertThat(plan.parts().get(1).bytes()).isEqualTo(parameters);
        assertThat(plan.parts().get(2).bytes()).isEqualTo(2 * parameters);
        assertThat(plan.parts().get(3).bytes()).isPositive();
        assertThat(plan.toString()).contains("model", "gradients", "moments", "activations", "TiB");
    }
}
