package dev.tandem.bench.step;

import dev.tandem.bench.Problem;
import dev.tandem.bench.Room;
import dev.tandem.bench.machine.Cost;
import dev.tandem.engine.PlannedTensor;
import dev.tandem.engine.Tensor;
import dev.tandem.gpt.Gpt;
import dev.tandem.gpt.GptConfig;
import dev.tandem.gpt.Parameters;
import dev.tandem.gpt.Schedule;
import dev.tandem.gpt.StepReport;
import dev.tandem.gpt.TrainingOptions;
import dev.tandem.gpt.TrainingStep;
import dev.tandem.gpt.cost.FlopCount;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/// One model in training on a batch of random tokens.
public final class TrainingProblem implements Problem {
    /// Learning rate of the first update; it falls to nothing over a million more.
    public static final double RATE = 1e-4;

    /// Norm above which gradients are scaled down.
    public static final double CLIP_NORM = 1;

    private static final long SEED = 7;
    private static final long UPDATES = 1_000_000; // more than any run makes

    private final GptConfig config;
    private final Gpt model;
    private final TrainingStep step;
    private final int[] ids;
    private final int[] targets;

    /// The model's first weights, a batch, and an optimizer that has done nothing yet.
    public TrainingProblem(Room room, GptConfig config, int B) {
        this(room, config, B, 1);
    }

    /// The same for updates of several micro-batches of B sequences.
    public TrainingProblem(Room room, GptConfig config, int B, int microBatches) {
        this.config = config;
        var options =
                TrainingOptions.paper(new Schedule(RATE, 0, UPDATES), SEED).withClipNorm(CLIP_NORM);
        this.model = Gpt.create(room.backend(), config, room.precision(), SEED);
        this.step = model.training(options, B, config.T(), microBatches);
        int[] text = new SplittableRandom(SEED)
                .ints(step.tokens() + 1L, 0, config.V())
                .toArray();
        this.ids = Arrays.copyOfRange(text, 0, step.tokens());
        this.targets = Arrays.copyOfRange(text, 1, text.length);
    }

    /// The weights.
    public Parameters parameters() {
        return model.parameters();
    }

    /// The batch, `[B, T]`.
    public int[] ids() {
        return ids.clone();
    }

    /// What follows each token of it.
    public int[] targets() {
        return targets.clone();
    }

    /// Loss and gradient norm of the last update.
    public StepReport report() {
        return step.report();
    }

    /// One update.
    public void update() {
        step.run(ids, targets);
    }

    /// Work of one update: the products, without the half of attention that is masked; parameters,
    /// gradients and moments read and written.
    public Cost cost() {
        return cost(config, step.tokens());
    }

    /// The same of any model in F32, by the tokens of an update.
    public static Cost cost(GptConfig config, int tokens) {
        var count = FlopCount.of(config, config.T());
        double masked = 3.0 * config.L() * 2 * config.T() * config.C();
        double parameters = Parameters.plan(config).stream()
                .mapToDouble(PlannedTensor::bytes)
                .sum();
        return new Cost((count.training() - masked) * tokens, 0, 0, 4 * parameters);
    }

    /// Gradients only: an update would turn rounding into whole steps where a gradient is about 0.
    @Override
    public void run() {
        step.computeGradients(ids, targets);
    }

    @Override
    public List<Tensor> results() {
        return List.of(step.gradients().embedding());
    }

    @Override
    public int terms() {
        return step.tokens() * config.C();
    }
}
