package dev.tandem.bench.step;

import dev.tandem.bench.BackendBenchmark;
import dev.tandem.bench.Work;
import dev.tandem.bench.machine.Cost;
import dev.tandem.gpt.GptConfig;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.Warmup;

/// How fast is a training step: forward, backward, gradient norm and AdamW?
///
/// Bound by FLOPs; many experts and few tokens make it bound by the bytes of parameters, gradients
/// and moments.
@Warmup(iterations = 5, time = 2, timeUnit = TimeUnit.SECONDS)
@Measurement(iterations = 5, time = 2, timeUnit = TimeUnit.SECONDS)
public class TrainingStepBenchmark extends BackendBenchmark {
    private static final GptConfig SMALL = GptConfig.gpt3(17, 8, 2, 16, 2).withExperts(4);

    /// What is trained.
    @Param({"SMALL_MOE", "SMALL_DENSE", "MIDDLE_DENSE", "MIDDLE_MOE"})
    public Model model = Model.SMALL_MOE;

    /// Batches whose gradients an update sums.
    @Param("1")
    public int microBatches;

    @SuppressWarnings("NullAway.Init")
    private TrainingProblem problem;

    @SuppressWarnings("NullAway.Init")
    private Cost cost;

    /// Called by JMH.
    public TrainingStepBenchmark() {}

    /// Checks, then sets up.
    @Setup
    public void setUp() {
        problem = prepare(
                room -> new TrainingProblem(room, SMALL, 3),
                room -> new TrainingProblem(room, model.config(), model.B(), microBatches));
        cost = problem.cost();
    }

    /// One update.
    @Benchmark
    public void update(Work work) {
        problem.update();
        done(work, cost);
    }
}
