package dev.tandem.bench.kernel;

import dev.tandem.bench.BackendBenchmark;
import dev.tandem.bench.Problem;
import dev.tandem.bench.Room;
import dev.tandem.bench.Work;
import dev.tandem.bench.machine.Cost;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Attention;
import dev.tandem.engine.kernel.KvCache;
import java.util.List;
import java.util.Optional;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/// How fast is causal attention over whole sequences, and for one new position?
///
/// Bound by FLOPs over whole sequences: `2·B·T²·C` forward – two products, half of each masked –
/// and five such products backward. Decoding one position is bound by the bytes of the cache.
public class AttentionBenchmark extends BackendBenchmark {
    /// `B x T x C x H`.
    @Param({"1x1024x768x12", "8x256x384x6", "1x2048x2048x32"})
    public String size = "";

    @SuppressWarnings("NullAway.Init")
    private Operands operands;

    /// Called by JMH.
    public AttentionBenchmark() {}

    /// What one call works on.
    private static final class Operands implements Problem {
        private final Attention attention;
        private final int T;
        private final int C;
        private final int H;
        private final Tensor y;
        private final Tensor logSumExp;
        private final Tensor qkv;
        private final Tensor dqkv;
        private final Tensor dy;
        private final KvCache cache;
        private final Tensor next;
        private final Tensor nextQkv;
        private final Cost forwardCost;
        private final Cost backwardCost;
        private final Cost decodeCost;

        Operands(Room room, int B, int T, int C, int H) {
            this.attention = room.kernels().attention();
            this.T = T;
            this.C = C;
            this.H = H;
            this.y = room.activation("y", B, T, C);
            this.logSumExp = room.floats("logSumExp", B, H, T);
            this.qkv = room.activation("qkv", B, T, 3 * C);
            this.dqkv = room.activation("dqkv", B, T, 3 * C);
            this.dy = room.activation("dy", B, T, C);
            this.cache = new KvCache(room.activation("keys", B, T, C), room.activation("values", B, T, C));
            this.next = room.activation("next", B, 1, C);
            this.nextQkv = room.activation("nextQkv", B, 1, 3 * C);
            double product = (double) B * T * T * C; // FLOPs, of all queries with all keys up to their own
            this.forwardCost = Cost.of(2 * product, List.of(qkv), List.of(y));
            this.backwardCost = Cost.of(5 * product, List.of(qkv, y, dy), List.of(dqkv));
            this.decodeCost =
                    Cost.of(4.0 * y.shape().elements(), List.of(nextQkv, cache.keys(), cache.values()), List.of(next));
            forward(); // the backward reads what it saves
        }

        void forward() {
            attention.forward(y, logSumExp, qkv, Optional.empty(), H, 0, 0, 0);
        }

        void backward() {
            attention.backward(dqkv, dy, y, logSumExp, qkv, Optional.empty(), H, 0, 0, 0);
        }

        void decode() {
            attention.decode(next, nextQkv, cache, T - 1, H);
        }

        @Override
        public void run() {
            forward();
            backward();
            decode();
        }

        @Override
        public List<Tensor> results() {
            return List.of(y, logSumExp, dqkv, next);
        }

        @Override
        public int terms() {
            return C * T;
        }
    }

    /// Checks, then sets up.
    @Setup
    public void setUp() {
        int[] extents = extents(size);
        operands = prepare(
                room -> new Operands(room, 2, 67, 48, 3),
                room -> new Operands(room, extents[0], extents[1], extents[2], extents[3]));
    }

    /// All positions.
    @Benchmark
    public void forward(Work work) {
        operands.forward();
        done(work, operands.forwardCost);
    }

    /// Gradients of queries, keys and values.
    @Benchmark
    public void backward(Work work) {
        operands.backward();
        done(work, operands.backwardCost);
    }

    /// The last position over a full cache.
    @Benchmark
    public void decode(Work work) {
        operands.decode();
        done(work, operands.decodeCost);
    }
}
