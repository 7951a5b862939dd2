package dev.tandem.bench.step;

import dev.tandem.bench.BackendBenchmark;
import dev.tandem.bench.Work;
import dev.tandem.bench.machine.Cost;
import dev.tandem.engine.ElementType;
import dev.tandem.gpt.GptConfig;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.Warmup;

/// How fast does one token follow another where a session multiplies by weights of fewer bytes?
///
/// Bound by the bytes of the weights. Activations are F32, and so is all else. One fork, since a full run
/// takes an hour anyway.
@Fork(1)
@Warmup(iterations = 3, time = 1, timeUnit = TimeUnit.SECONDS)
@Measurement(iterations = 5, time = 1, timeUnit = TimeUnit.SECONDS)
public class DecodeWeightsBenchmark extends BackendBenchmark {
    private static final GptConfig SMALL = GptConfig.gpt2(17, 12, 2, 16, 2).withExperts(4);
    private static final GptConfig GPT2 = Model.GPT2.config();
    private static final int PROMPT = 512;

    /// Of the session's weights.
    @Param({"F32", "BF16", "Q8"})
    public ElementType weights = ElementType.F32;

    @SuppressWarnings("NullAway.Init")
    private DecodeProblem problem;

    @SuppressWarnings("NullAway.Init")
    private Cost cost;

    /// Called by JMH.
    public DecodeWeightsBenchmark() {}

    /// Checks, then sets up.
    @Setup
    public void setUp() {
        problem = prepare(
                room -> new DecodeProblem(room, SMALL, weights, 5),
                room -> new DecodeProblem(room, GPT2, weights, PROMPT));
        cost = DecodeProblem.decodeCost(GPT2, precision, weights, PROMPT);
    }

    /// Begins every iteration behind a prompt.
    @Setup(Level.Iteration)
    public void beginText() {
        problem.prefill();
    }

    /// One token.
    @Benchmark
    public float[] decode(Work work) {
        float[] logits = problem.decode();
        done(work, cost);
        return logits;
    }
}
