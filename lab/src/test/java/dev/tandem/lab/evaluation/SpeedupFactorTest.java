package dev.tandem.lab.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tandem.lab.evaluation.CostCurve.Better;
import dev.tandem.lab.evaluation.CostCurve.Point;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SpeedupFactorTest {
    /// Training ZFLOPs of the paper's models, <https://arxiv.org/abs/2112.10684>: 300e9 tokens, T =
    /// 2048, V = 50,000, recomputation included.
    private static double zettaFlops(double kappa, int L, int C) {
        return 96.0 * 300e9 * L * C * C * (kappa + 2048.0 / (6.0 * C) + 50_000.0 / (16.0 * L * C)) / 1e21;
    }

    private static Point dense(int L, int C, double perplexity) {
        return new Point(zettaFlops(1, L, C), perplexity);
    }

    private static Point moe(int L, int C, double perplexity) {
        return new Point(zettaFlops(4.0 / 3, L, C), perplexity);
    }

    private static final CostCurve DENSE = CostCurve.through(
            List.of(
                    dense(12, 768, 20.65),
                    dense(24, 1024, 15.14),
                    dense(24, 2048, 12.47),
                    dense(32, 2560, 10.92),
                    dense(32, 4096, 9.82),
                    dense(40, 5120, 8.97)),
            Better.LOWER);
    private static final CostCurve MOE = CostCurve.through(
            List.of(moe(12, 768, 12.59), moe(24, 1024, 9.59), moe(24, 2048, 8.75), moe(32, 4096, 6.80)), Better.LOWER);

    @ParameterizedTest(name = "t={0}")
    @CsvSource({"12.59, 7.83", "12.47, 7.91", "10.92, 8.87", "9.82, 14.33", "9.59, 15.68", "8.97, 10.00"})
    void thePapersInDomainFactorsComeOutToTwoDecimals(double target, double factor) {
        assertThat(SpeedupFactor.at(List.of(target), DENSE, MOE))
                .singleElement()
                .satisfies(speedup -> assertThat(speedup.factor()).isCloseTo(factor, within(0.005)));
    }

    @ParameterizedTest(name = "t={0}")
    @CsvSource({"12.59, 3.377, 0.4315", "12.47, 3.567, 0.4510", "9.82, 17.119, 1.1947", "9.59, 20.391, 1.3001"})
    void thePapersCostsComeOutToItsPrintedDigits(double target, double denseCost, double moeCost) {
        var speedup = SpeedupFactor.at(List.of(target), DENSE, MOE).getFirst();
        assertThat(speedup.dense()).isCloseTo(denseCost, within(0.0005));
        assertThat(speedup.moe()).isCloseTo(moeCost, within(0.00005));
    }

    @Test
    void knotsAreThePointsOfBothFamiliesWithinTheCommonRange() {
        assertThat(SpeedupFactor.atKnots(DENSE, MOE))
                .extracting(SpeedupFactor::target)
                .containsExactly(12.59, 12.47, 10.92, 9.82, 9.59, 8.97);
    }

    @Test
    void nothingIsExtrapolated() {
        assertThat(SpeedupFactor.at(List.of(20.65, 15.14, 8.75, 6.80), DENSE, MOE))
                .isEmpty();
    }

    @Test
    void familiesWithoutCommonRangeHaveNoFactor() {
        var worse = CostCurve.through(List.of(new Point(1, 40), new Point(2, 30)), Better.LOWER);
        assertThat(SpeedupFactor.atKnots(worse, MOE)).isEmpty();
    }

    @Test
    void accuracyIsBetterWhenHigher() {
        var dense = CostCurve.through(List.of(new Point(1, 50), new Point(4, 60)), Better.HIGHER);
        var moe = CostCurve.through(List.of(new Point(0.5, 50), new Point(2, 60)), Better.HIGHER);
        assertThat(SpeedupFactor.at(List.of(55.0), dense, moe)).singleElement().satisfies(speedup -> {
            assertThat(speedup.dense()).isCloseTo(2, within(1e-12));
            assertThat(speedup.factor()).isCloseTo(2, within(1e-12));
        });
    }

    @Test
    void curvesOfOppositeDirectionsAreRefused() {
        var accuracy = CostCurve.through(List.of(new Point(1, 50)), Better.HIGHER);
        assertThatThrownBy(() -> SpeedupFactor.atKnots(DENSE, accuracy)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aPointNoBetterThanACheaperOneIsLeftOut() {
        var bumpy = CostCurve.through(
                List.of(new Point(4, 8), new Point(1, 10), new Point(2, 11), new Point(3, 10)), Better.LOWER);
        assertThat(bumpy.points()).containsExactly(new Point(1, 10), new Point(4, 8));
        assertThat(bumpy.dropped()).isEqualTo(2);
        assertThat(bumpy.cost(9)).hasValueCloseTo(2.0, within(1e-12));
        assertThat(bumpy.cost(11)).isEmpty();
    }

    @Test
    void aPointNeedsAPositiveCost() {
        assertThatThrownBy(() -> new Point(0, 3)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Point(1, Double.NaN)).isInstanceOf(IllegalArgumentException.class);
    }
}
