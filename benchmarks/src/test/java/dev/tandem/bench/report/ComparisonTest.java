package dev.tandem.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tandem.bench.machine.Ceilings;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

class ComparisonTest {
    @Test
    void equalReportsAreTheSame() {
        var report = Sample.report(Sample.product(1, 1.01, 0.99));
        var comparison = new Comparison(report, report);
        assertThat(comparison.slower()).isFalse();
        assertThat(comparison.text()).contains("Nothing moved beyond noise").contains("1 within noise");
    }

    @Test
    void saysWhereReportsDisagreeOnWhoIsFaster() {
        var comparison = new PeerComparison();
        comparison.add(peer(1.2), peer(1.4));
        comparison.add(peer(0.99), peer(1.02));
        comparison.add(peer(0.965), peer(0.975));
        assertThat(comparison.text()).isEqualTo(counts(3, 2, 1, 1, 0));
        comparison.add(peer(1.2), peer(0.9));
        comparison.add(peer(1.2), peer(1));
        assertThat(comparison.text())
                .startsWith(counts(5, 2, 1, 1, 2))
                .contains("Other")
                .contains("1.20 ± 3 %, faster")
                .contains("0.90 ± 3 %, slower");
    }

    @Test
    void roundsThatDifferLeaveItOpenWhoIsFaster() {
        var comparison = new PeerComparison();
        comparison.add(peer(1.1, 1.3, 0.9), peer(0.9, 1.1, 0.7));
        assertThat(comparison.text()).isEqualTo(counts(1, 1, 1, 0, 0));
        comparison.add(peer(1.1, 1.11, 1.09), peer(0.9, 0.91, 0.89));
        assertThat(comparison.text()).startsWith(counts(2, 1, 1, 0, 1));
    }

    private static String counts(int all, int same, int even, int within, int turned) {
        return ("Of %d comparisons with other libraries %d have the same verdict in both reports (%d of them even), "
                        + "%d another one within noise, %d another one.\n")
                .formatted(all, same, even, within, turned);
    }

    @Test
    void reportsOfOtherLibrariesAloneAreCompared() {
        Report report = Sample.report(List.of());
        assertThat(new Comparison(report, report).text())
                .startsWith("Of 1 comparisons")
                .contains(scaled(0, 1));
    }

    @Test
    void saysWhereThreadsBringSomethingElse() {
        var comparison = new Comparison(scaling(1.95), scaling(1.7));
        assertThat(comparison.text())
                .startsWith(scaled(1, 0))
                .containsPattern("Linear.forward 8x8x8, 2 threads .* 1.95 ± 3 % .* 1.70 ± 3 %")
                .doesNotContain("libraries");
        assertThat(comparison.slower()).isFalse();
        assertThat(new Comparison(scaling(1.95), scaling(1.91)).text()).isEqualTo(scaled(0, 0));
    }

    @Test
    void doesNotSayThatDisturbedThreadsBringSomethingElse() {
        var comparison = new ScalingComparison();
        PeerResult before = Sample.peer("Linear.forward", PeerResult.ALONE, 0.17, 0.17, 0.34);
        PeerResult after = Sample.peer("Linear.forward", PeerResult.ALONE, 0.12, 0.12, 0.24);
        comparison.add(before, Sample.calm(after));
        comparison.add(Sample.calm(before), after);
        assertThat(comparison.text())
                .isEqualTo("Scaling over threads: cases 2, moved beyond noise 0, disturbed by other processes 2.\n");
    }

    private static String scaled(int moved, int disturbed) {
        return "Scaling over threads: cases 1, moved beyond noise %d, disturbed by other processes %d.\n"
                .formatted(moved, disturbed);
    }

    private static Report scaling(double times) {
        var alone = new PeerReport(
                List.of(Sample.calm(
                        Sample.peer("Linear.forward", PeerResult.ALONE, 0.1 * times, 0.1 * times, 0.2 * times))),
                Map.of(),
                Map.of());
        return new Report(Map.of(), List.of(), List.of(), List.of(), alone, Map.of());
    }

    private static PeerResult peer(double... advantages) {
        return new PeerResult(
                "Linear.forward",
                "8x8x8",
                2,
                "Other",
                1e9,
                new Samples(advantages),
                new Samples(DoubleStream.of(advantages).map(_ -> 1).toArray()),
                Optional.empty(),
                0);
    }

    @Test
    void aLargeSteadyChangeIsFound() {
        var before = Sample.report(Sample.product(1, 1.01, 0.99));
        var after = Sample.report(Sample.product(1.3, 1.31, 1.29));
        assertThat(new Comparison(before, after).slower()).isTrue();
        assertThat(new Comparison(before, after).text()).contains("0.77 x").contains("slower");
        assertThat(new Comparison(after, before).slower()).isFalse();
        assertThat(new Comparison(after, before).text()).contains("1.30 x").contains("faster");
    }

    @Test
    void aChangeWithinTheScatterIsNoise() {
        double[] seconds = {0.97, 1, 1.03};
        assertThat(verdict(seconds, 1.07)).isEqualTo(Comparison.Verdict.SAME);
    }

    @Test
    void roundsThatDifferTooMuchDecideNothing() {
        var before = Sample.report(Sample.product(0.7, 1, 1.3));
        var after = Sample.report(Sample.product(0.9, 1.3, 1.7));
        var comparison = new Comparison(before, after);
        assertThat(comparison.changes().getFirst().verdict()).isEqualTo(Comparison.Verdict.UNDECIDED);
        assertThat(comparison.text()).contains("Nothing can be told").contains("rounds differ too much");
    }

    @Test
    void aChangeBelowThreePerCentIsNoiseHoweverSteady() {
        var before = Sample.report(Sample.product(1, 1, 1));
        var after = Sample.report(Sample.product(1.02, 1.02, 1.02));
        assertThat(new Comparison(before, after).changes().getFirst().verdict()).isEqualTo(Comparison.Verdict.SAME);
    }

    @Test
    void threeRoundsKnowTheirSpreadWorseThanFifteen() {
        double[] three = {0.98, 1, 1.02};
        double[] fifteen = new double[15];
        Arrays.setAll(fifteen, i -> three[i % three.length]);
        assertThat(verdict(three, 1.05)).isEqualTo(Comparison.Verdict.SAME);
        assertThat(verdict(fifteen, 1.05)).isEqualTo(Comparison.Verdict.SLOWER);
    }

    private static Comparison.Verdict verdict(double[] seconds, double slower) {
        double[] after = Arrays.stream(seconds).map(second -> second * slower).toArray();
        return new Comparison(Sample.report(Sample.product(seconds)), Sample.report(Sample.product(after)))
                .changes()
                .getFirst()
                .verdict();
    }

    @Test
    void aSlowerMachineIsNoSlowerProgram() {
        var before = Sample.product(1, 1, 1);
        var slow = new Ceilings(50e9, 5e9, 4e9, 2e9, 8e9, 0);
        var after = new Measurement(
                before.benchmark(),
                before.parameters(),
                before.cost(),
                new Samples(2, 2, 2),
                before.share(),
                Optional.of(slow),
                OptionalDouble.empty(),
                0,
                0);
        assertThat(new Comparison(Sample.report(before), Sample.report(after)).slower())
                .isFalse();
    }

    @Test
    void aDisturbedMeasurementFailsNothing() {
        var before = Sample.report(Sample.product(1, 1, 1));
        var after = Sample.report(Sample.disturbed(Sample.product(2, 2, 2)));
        var comparison = new Comparison(before, after);
        assertThat(comparison.slower()).isFalse();
        assertThat(comparison.text())
                .contains("Nothing can be told.")
                .contains("disturbed by other processes, measure again: Linear.forward 8x8x8");
    }

    @Test
    void startsAreShownSideBySideAndNotJudged() {
        var slow = new StartUp(
                StartUp.Kind.TRAINING,
                "SMALL_MOE",
                2,
                7,
                10.5,
                0.4,
                2048,
                400 << 20,
                100 << 20,
                OptionalDouble.empty());
        var comparison = new Comparison(Sample.report(), Sample.report(List.of(slow)));
        assertThat(comparison.slower()).isFalse();
        assertThat(comparison.text())
                .containsPattern("training SMALL_MOE, threads 2 .*3.50 s → 7.00 s .*5.25 s → 10.5 s"
                        + " .*200 ms → 400 ms .*600 → unknown")
                .contains("only in the old report: StartUp.forward SMALL_MOE, threads 2")
                .doesNotContain("Nothing", "compared:");
    }

    @Test
    void reportsWithNothingInCommonAreNotCalledEqual() {
        Report before = withoutPeers(List.of(Sample.TRAINING));
        Report after = withoutPeers(List.of(), Sample.product(1));
        var comparison = new Comparison(before, after);
        assertThat(comparison.isEmpty()).isTrue();
        assertThat(comparison.text())
                .contains("only in the old report: StartUp.training", "only in the new report: Linear.forward")
                .doesNotContain("Nothing moved");
    }

    @Test
    void whatOnlyOneReportHasIsNamed() {
        var small = Sample.report(Sample.product(Map.of("size", "1x1x1"), 1));
        var large = Sample.report(Sample.product(Map.of("size", "9x9x9"), 1));
        assertThat(new Comparison(small, large).text())
                .contains("only in the old report: Linear.forward {size=1x1x1}")
                .contains("only in the new report: Linear.forward {size=9x9x9}");
    }

    private static Report withoutPeers(List<StartUp> starts, Measurement... measurements) {
        return new Report(Map.of(), List.of(), List.of(measurements), starts, PeerReport.NONE, Map.of());
    }
}
