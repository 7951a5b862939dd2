package dev.tandem.lab.training;

import dev.tandem.engine.Backend;
import dev.tandem.engine.kernel.AdamW;
import dev.tandem.gpt.Evaluation;
import dev.tandem.gpt.Gpt;
import dev.tandem.gpt.Schedule;
import dev.tandem.gpt.StepReport;
import dev.tandem.gpt.TrainingOptions;
import dev.tandem.gpt.TrainingStep;
import dev.tandem.gpt.cost.ParameterCount;
import dev.tandem.lab.data.BatchSampler;
import dev.tandem.lab.data.Blocks;
import dev.tandem.lab.evaluation.Perplexity;
import dev.tandem.lab.evaluation.SampleText;
import dev.tandem.lab.evaluation.TextSet;
import dev.tandem.lab.report.CurvePoint;
import dev.tandem.lab.report.ModelReport;
import dev.tandem.lab.text.Tokenizer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/// Trains one model piece by piece, so that several can take turns, and keeps its books.
///
/// Learning rate: linear warm-up, then linear decay to 0 at the last planned update. The plan may
/// change on the way.
final class Trainer implements AutoCloseable {
    private static final int SAMPLE_TOKENS = 400;
    private static final double NANO = 1e-9;
    private static final int SHORTEST_WARMUP_PARTS = 5;

    private final ModelSettings settings;
    private final Gpt model;
    private final TrainingStep step;
    private final Evaluation evaluation;
    private final Perplexity perplexity;
    private final BatchSampler sampler;
    private final LongSupplier clock;
    private final int[] ids;
    private final int[] targets;
    private final List<CurvePoint> curve = new ArrayList<>();
    private final ExpertLoads loads = new ExpertLoads();
    private long planned = 1;
    private long nanos;

    /// @param clock nanoseconds since any moment
    Trainer(Backend backend, ModelSettings settings, Blocks training, long dataSeed, LongSupplier clock) {
        this.settings = settings;
        this.clock = clock;
        int T = settings.config().T();
        var opened = new ArrayList<AutoCloseable>();
        try {
            model = Gpt.create(backend, settings.config(), settings.precision(), settings.seed());
            opened.add(model);
            step = model.training(options(settings), settings.B(), T);
            opened.add(step);
            evaluation = model.evaluation(settings.B(), T);
        } catch (RuntimeException failure) {
            Closing.all(opened);
            throw failure;
        }
        perplexity = new Perplexity(evaluation, settings.B(), T);
        sampler = new BatchSampler(training, settings.B(), dataSeed);
        ids = new int[settings.tokensPerUpdate()];
        targets = new int[settings.tokensPerUpdate()];
    }

    private static TrainingOptions options(ModelSettings settings) {
        // the rate of each update is given by this class; this schedule only has to be legal
        return new TrainingOptions(
                new Schedule(settings.learningRate(), 0, 1),
                AdamW.Moments.PAPER,
                settings.weightDecay(),
                settings.clipNorm(),
                settings.experts(),
                settings.seed());
    }

    ModelSettings settings() {
        return settings;
    }

    /// Sets the number of updates after which the learning rate is 0.
    void plan(long updates) {
        planned = Math.max(1, updates);
    }

    long planned() {
        return planned;
    }

    double flops() {
        return step.updates() * settings.flopsPerUpdate();
    }

    long updates() {
        return step.updates();
    }

    double seconds() {
        return nanos * NANO;
    }

    /// Learning rate of update `n` of `updates`; warm-up never takes more than a fifth of them.
    static double rate(double peak, int warmup, long n, long updates) {
        long w = Math.min(warmup, updates / SHORTEST_WARMUP_PARTS);
        return new Schedule(peak, w, Math.max(1, updates)).rate(n);
    }

    /// One update.
    void update() {
        long start = clock.getAsLong();
        sampler.next(ids, targets);
        step.computeGradients(ids, targets);
        step.update(rate(settings.learningRate(), settings.warmup(), step.updates(), planned));
        nanos += clock.getAsLong() - start;
    }

    /// What the last update did; waits for it.
    StepReport report() {
        long start = clock.getAsLong();
        var report = step.report();
        loads.add(report.gates());
        nanos += clock.getAsLong() - start;
        return report;
    }

    /// Measures the model and adds a point to its curve. Takes no training time.
    CurvePoint evaluate(TextSet validation) {
        var point = new CurvePoint(step.updates(), tokens(), flops(), seconds(), perplexity.loss(validation));
        if (Double.isFinite(point.validationLoss())) {
            curve.add(point);
        }
        return point;
    }

    /// Forgets the expert load so far; the next report is of what follows.
    void restartLoads() {
        loads.clear();
    }

    private long tokens() {
        return step.updates() * settings.tokensPerUpdate();
    }

    /// Everything about this model; empty if it was never measured.
    ///
    /// @param sound whether the weights are finite, so that text can be generated
    Optional<ModelReport> conclude(Tokenizer tokenizer, TextSet validation, List<TextSet> others, boolean sound) {
        if (curve.isEmpty()) {
            return Optional.empty();
        }
        Map<String, Double> outOfDomain = new LinkedHashMap<>();
        String sample = "(none: the weights are no longer finite)";
        if (sound) {
            others.forEach(set -> outOfDomain.put(set.name(), Math.exp(perplexity.loss(set))));
            int[] prompt = SampleText.prompt(validation.blocks());
            sample = SampleText.continued(model, tokenizer, prompt, SAMPLE_TOKENS, settings.seed());
        }
        var parameters = ParameterCount.of(settings.config());
        return Optional.of(new ModelReport(
                settings.name(),
                settings.kind(),
                settings.describe(),
                parameters.total(),
                parameters.active(),
                new ModelReport.Progress(
                        step.updates(), planned, tokens(), flops(), Math.max(seconds(), NANO), sampler.epochs()),
                curve,
                outOfDomain,
                loads.layers(),
                sample));
    }

    @Override
    public void close() {
        Closing.all(List.of(model, step, evaluation));
    }
}
