package dev.tandem.lab.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tandem.gpt.ExpertRule;
import dev.tandem.gpt.GptConfig;
import dev.tandem.gpt.Precision;
import dev.tandem.lab.data.Blocks;
import dev.tandem.lab.data.Document;
import dev.tandem.lab.data.TokenStream;
import dev.tandem.lab.evaluation.TextSet;
import dev.tandem.lab.report.CurvePoint;
import dev.tandem.lab.report.ModelReport;
import dev.tandem.lab.report.OutputFolder;
import dev.tandem.lab.text.ByteTokenizer;
import dev.tandem.testkit.ReferenceBackend;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ComparisonTest {
    private static final int T = 8;

    @TempDir
    Path folder;

    private final List<Status> statuses = new ArrayList<>();

    private static Blocks blocks(String text) {
        var document = new Document("text", text.repeat(60).getBytes(StandardCharsets.UTF_8));
        return new Blocks("text", TokenStream.of(List.of(document), new ByteTokenizer()), T);
    }

    private static ModelSettings settings(String name, GptConfig config, double rate) {
        return new ModelSettings(name, config, Precision.F32, rate, new ExpertRule.None(), 0, 0, 5, 4, 1);
    }

    private static Comparison comparison(Budget budget) {
        return comparison(budget, 0.01);
    }

    private static Comparison comparison(Budget budget, double denseRate) {
        var dense = GptConfig.gpt3(257, T, 2, 8, 2);
        var text = blocks("Some words, again and again.\n");
        var data = new ComparisonData(
                new ByteTokenizer(),
                text,
                TextSet.of("validation", text, 64),
                List.of(TextSet.of("other", blocks("Otherwise!\n"), 64)),
                Map.of());
        return new Comparison(
                List.of(settings("dense", dense, denseRate), settings("moe", dense.withExperts(4), 0.01)),
                data,
                budget,
                3);
    }

    private Comparison.Outcome run(Comparison comparison, BooleanSupplier stopped, LongSupplier clock)
            throws IOException {
        var listener = new Listener() {
            @Override
            public void message(String text) {}

            @Override
            public void progress(Status status) {
                statuses.add(status);
            }
        };
        try (var backend = ReferenceBackend.open();
                var log = OutputFolder.prepare(folder).losses()) {
            return comparison.run(backend, listener, log, stopped, clock);
        }
    }

    /// A clock that moves on by a millisecond whenever it is read.
    private static LongSupplier clock() {
        var now = new AtomicLong();
        return () -> now.addAndGet(1_000_000);
    }

    @Test
    void bothModelsGetTheSameComputeAndLearn() throws IOException {
        var outcome = run(comparison(new Budget.Compute(1e8)), () -> false, clock());
        assertThat(outcome.finished()).isTrue();
        assertThat(outcome.failure()).isEmpty();
        assertThat(outcome.models())
                .extracting(ModelReport::kind)
                .containsExactly(ModelReport.Kind.DENSE, ModelReport.Kind.MOE);
        for (var model : outcome.models()) {
            assertThat(model.progress().flops()).isCloseTo(1e8, within(3e6));
            assertThat(model.progress().finished()).isTrue();
            assertThat(model.curve().getFirst().perplexity()).isGreaterThan(100);
            assertThat(model.validationPerplexity()).isLessThan(20);
            assertThat(model.outOfDomain()).containsOnlyKeys("other");
            assertThat(model.outOfDomain().get("other")).isGreaterThan(model.validationPerplexity());
            assertThat(model.sample()).contains("▶");
        }
        assertThat(statuses.getLast().fraction()).isEqualTo(1);
    }

    @Test
    void curvesHaveSeveralPointsOfRisingCost() throws IOException {
        var outcome = run(comparison(new Budget.Compute(1e8)), () -> false, clock());
        for (var model : outcome.models()) {
            assertThat(model.curve()).hasSizeGreaterThan(7);
            assertThat(model.curve()).extracting(CurvePoint::flops).isSorted().doesNotHaveDuplicates();
        }
    }

    @Test
    void theGatesLoadIsReportedPerBlockWithExperts() throws IOException {
        var moe = run(comparison(new Budget.Compute(2e7)), () -> false, clock())
                .models()
                .getLast();
        assertThat(moe.layers()).singleElement().satisfies(layer -> {
            assertThat(layer.block()).isEqualTo(1);
            assertThat(layer.share()).hasSize(4);
            assertThat(layer.share().stream().mapToDouble(x -> x).sum()).isCloseTo(1, within(1e-9));
            assertThat(layer.dropped()).isBetween(0.0, 1.0);
        });
    }

    @Test
    void aTimeBudgetIsKept() throws IOException {
        var clock = clock();
        var outcome = run(comparison(new Budget.Time(4)), () -> false, clock);
        assertThat(clock.getAsLong() * 1e-9).isBetween(1.5, 4.5);
        assertThat(outcome.finished()).isTrue();
        assertThat(outcome.flops()).isPositive();
    }

    @Test
    void bothModelsTrainEvenIfTheTimeIsTooShort() throws IOException {
        var outcome = run(comparison(new Budget.Time(0.001)), () -> false, clock());
        assertThat(outcome.models())
                .hasSize(2)
                .allSatisfy(model -> assertThat(model.progress().steps()).isPositive());
    }

    @Test
    void aLossThatIsNoNumberEndsTheRunAndKeepsWhatWasMeasured() throws IOException {
        var outcome = run(comparison(new Budget.Compute(2e8), 1e30), () -> false, clock());
        assertThat(outcome.failure().orElse(""))
                .contains("training of 'dense' stopped at update", "no longer a number", "--dense-rate", "--clip");
        assertThat(outcome.models())
                .isNotEmpty()
                .allSatisfy(model -> assertThat(model.curve())
                        .allSatisfy(point -> assertThat(point.validationLoss()).isFinite()));
    }

    @Test
    void aRunEndedEarlyReportsBothModelsAtEqualCompute() throws IOException {
        var outcome = run(comparison(new Budget.Compute(1e12)), () -> statuses.size() >= 2, clock());
        assertThat(outcome.finished()).isFalse();
        assertThat(outcome.models()).hasSize(2).allSatisfy(model -> {
            assertThat(model.progress().finished()).isFalse();
            assertThat(model.curve().getLast().step())
                    .isEqualTo(model.progress().steps());
        });
        assertThat(outcome.models().getFirst().progress().flops())
                .isCloseTo(outcome.models().getLast().progress().flops(), within(3e6));
    }

    @Test
    void aRunEndedAtOnceReportsNothing() throws IOException {
        assertThat(run(comparison(new Budget.Time(5)), () -> true, clock()).models())
                .isEmpty();
    }

    @Test
    void theLearningRateRisesAndFallsToZero() {
        assertThat(Trainer.rate(1, 100, 0, 1000)).isZero();
        assertThat(Trainer.rate(1, 100, 50, 1000)).isEqualTo(0.5);
        assertThat(Trainer.rate(1, 100, 100, 1000)).isEqualTo(1);
        assertThat(Trainer.rate(1, 100, 550, 1000)).isCloseTo(0.5, within(1e-9));
        assertThat(Trainer.rate(1, 100, 4, 20)).as("warm-up of a fifth at most").isEqualTo(1);
        assertThat(Trainer.rate(1, 100, 1000, 1000)).isZero();
    }

    @Test
    void costIsThePapersFormulaWithoutRecomputationAndGate() {
        int L = 2;
        int C = 64;
        int V = 257;
        double kappa = 4.0 / 3;
        var moe = settings("moe", GptConfig.gpt3(V, 64, L, C, 2).withExperts(32), 0.01);
        assertThat(moe.flopsPerToken())
                .isCloseTo(72.0 * L * C * C * (kappa + 64 / (6.0 * C) + V / (12.0 * L * C)), within(1e-6));
        assertThat(moe.gateShare()).isBetween(0.001, 0.05);
    }

    @Test
    void modelsAndDataMustAgreeOnTheBlockLength() {
        var data = comparison(new Budget.Compute(1)).data();
        var other = settings("dense", GptConfig.gpt3(257, 2 * T, 2, 8, 2), 0.01);
        assertThatThrownBy(() -> new Comparison(List.of(other), data, new Budget.Compute(1), 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("T=16");
    }
}
