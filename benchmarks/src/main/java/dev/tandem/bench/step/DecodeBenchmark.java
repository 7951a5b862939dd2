package dev.tandem.bench.step;

import dev.tandem.bench.BackendBenchmark;
import dev.tandem.bench.Work;
import dev.tandem.bench.machine.Cost;
import dev.tandem.gpt.GptConfig;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.Warmup;

/// How fast is a prompt of 512 tokens read, and how fast does one token follow another?
///
/// The prompt is bound by FLOPs, each token behind it by the bytes of the active parameters.
@Warmup(iterations = 3, time = 1, timeUnit = TimeUnit.SECONDS)
@Measurement(iterations = 5, time = 1, timeUnit = TimeUnit.SECONDS)
public class DecodeBenchmark extends BackendBenchmark {
    private static final GptConfig SMALL = GptConfig.gpt2(17, 12, 2, 16, 2).withExperts(4);
    private static final int PROMPT = 512;

    /// What continues the text.
    @Param({"GPT2", "GPT2_MOE"})
    public Model model = Model.GPT2;

    @SuppressWarnings("NullAway.Init")
    private DecodeProblem problem;

    @SuppressWarnings("NullAway.Init")
    private Cost prefillCost;

    @SuppressWarnings("NullAway.Init")
    private Cost decodeCost;

    /// Called by JMH.
    public DecodeBenchmark() {}

    /// Checks, then sets up.
    @Setup
    public void setUp() {
        problem = prepare(
                room -> new DecodeProblem(room, SMALL, 5), room -> new DecodeProblem(room, model.config(), PROMPT));
        prefillCost = DecodeProblem.prefillCost(model.config(), precision, PROMPT);
        decodeCost = DecodeProblem.decodeCost(model.config(), precision, PROMPT);
    }

    /// Begins every iteration behind a prompt.
    @Setup(Level.Iteration)
    public void beginText() {
        problem.prefill();
    }

    /// The prompt.
    @Benchmark
    public float[] prefill(Work work) {
        float[] logits = problem.prefill();
        done(work, prefillCost);
        return logits;
    }

    /// One token.
    @Benchmark
    public float[] decode(Work work) {
        float[] logits = problem.decode();
        done(work, decodeCost);
        return logits;
    }
}
