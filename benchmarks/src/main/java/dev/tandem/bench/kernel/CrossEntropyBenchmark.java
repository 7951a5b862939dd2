package dev.tandem.bench.kernel;

import dev.tandem.bench.BackendBenchmark;
import dev.tandem.bench.Problem;
import dev.tandem.bench.Room;
import dev.tandem.bench.Work;
import dev.tandem.bench.machine.Cost;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.CrossEntropy;
import java.util.List;
import java.util.SplittableRandom;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/// How fast is the loss over the whole vocabulary?
///
/// Bound by bytes: forward reads the logits once, backward reads and writes them.
public class CrossEntropyBenchmark extends BackendBenchmark {
    private static final long SEED = 7;

    // Per logit: difference, exponential, and sum or product.
    private static final double FLOP = 3;

    /// `N x V`.
    @Param({"1024x50264"})
    public String size = "";

    @SuppressWarnings("NullAway.Init")
    private Operands operands;

    /// Called by JMH.
    public CrossEntropyBenchmark() {}

    /// What one call works on.
    private static final class Operands implements Problem {
        private final CrossEntropy crossEntropy;
        private final int V;
        private final Tensor total;
        private final Tensor loss;
        private final Tensor logSumExp;
        private final Tensor logits;
        private final Tensor targets;
        private final Tensor dLogits;
        private final Cost forwardCost;
        private final Cost backwardCost;

        Operands(Room room, int N, int V) {
            this.crossEntropy = room.kernels().crossEntropy();
            this.V = V;
            this.total = room.floats("total", 1);
            this.loss = room.floats("loss", N);
            this.logSumExp = room.floats("logSumExp", N);
            this.logits = room.floats("logits", N, V);
            this.targets = room.integers(
                    "targets", new SplittableRandom(SEED).ints(N, 0, V).toArray(), N);
            this.dLogits = room.activation("dLogits", N, V);
            double flop = FLOP * logits.shape().elements();
            this.forwardCost = Cost.of(flop, List.of(logits), List.of(loss));
            this.backwardCost = Cost.of(flop, List.of(logits), List.of(dLogits));
            forward(); // the backward reads what it saves
        }

        void forward() {
            crossEntropy.forward(total, loss, logSumExp, logits, targets);
        }

        void backward() {
            crossEntropy.backward(dLogits, logSumExp, logits, targets, 1);
        }

        @Override
        public void run() {
            forward();
            backward();
        }

        @Override
        public List<Tensor> results() {
            return List.of(total, loss, logSumExp, dLogits);
        }

        @Override
        public int terms() {
            return V;
        }
    }

    /// Checks, then sets up.
    @Setup
    public void setUp() {
        int[] extents = extents(size);
        operands = prepare(room -> new Operands(room, 9, 1021), room -> new Operands(room, extents[0], extents[1]));
    }

    /// Losses.
    @Benchmark
    public void forward(Work work) {
        operands.forward();
        done(work, operands.forwardCost);
    }

    /// Gradient of the logits.
    @Benchmark
    public void backward(Work work) {
        operands.backward();
        done(work, operands.backwardCost);
    }
}
