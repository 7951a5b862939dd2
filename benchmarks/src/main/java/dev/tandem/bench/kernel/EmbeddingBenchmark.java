package dev.tandem.bench.kernel;

import dev.tandem.bench.BackendBenchmark;
import dev.tandem.bench.Problem;
import dev.tandem.bench.Room;
import dev.tandem.bench.Work;
import dev.tandem.bench.machine.Cost;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Embedding;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/// How fast are token and position vectors looked up, and their gradients accumulated?
///
/// Bound by bytes: each token's row of the table is read (backward: read and written), and its row
/// of the output written (backward: its gradient read).
public class EmbeddingBenchmark extends BackendBenchmark {
    private static final long SEED = 7;
    private static final int NO_PADDING = -1;

    /// `B x T x C x V`.
    @Param({"8x1024x768x50264"})
    public String size = "";

    @SuppressWarnings("NullAway.Init")
    private Operands operands;

    /// Called by JMH.
    public EmbeddingBenchmark() {}

    /// What one call works on.
    private static final class Operands implements Problem {
        private final Embedding embedding;
        private final float scale;
        private final Tensor y;
        private final Tensor ids;
        private final Tensor table;
        private final Tensor positions;
        private final Tensor dTable;
        private final Tensor dy;
        private final Cost forwardCost;
        private final Cost backwardCost;

        Operands(Room room, int B, int T, int C, int V) {
            this.embedding = room.kernels().embedding();
            this.scale = (float) Math.sqrt(C);
            this.y = room.activation("y", B, T, C);
            this.ids = room.integers("ids", ids(B * T, V), B, T);
            this.table = room.weight("table", V, C);
            this.positions = room.state("positions", T, C);
            this.dTable = room.gradient("dTable", V, C);
            this.dy = room.activation("dy", B, T, C);
            double flop = 2.0 * y.shape().elements();
            // as many elements of the table are read as y has, and as many of dTable updated as dy has
            this.forwardCost = Cost.of(flop, List.of(ids, y, positions), List.of(y));
            this.backwardCost = Cost.of(flop, List.of(ids, y, dy), List.of(dy));
        }

        private static int[] ids(int count, int V) {
            return new SplittableRandom(SEED).ints(count, 0, V).toArray();
        }

        void forward() {
            embedding.forward(y, ids, table, positions, scale, NO_PADDING, 0);
        }

        void backward() {
            embedding.backward(dTable, Optional.empty(), dy, ids, scale, NO_PADDING);
        }

        @Override
        public void run() {
            forward();
            backward();
        }

        @Override
        public List<Tensor> results() {
            return List.of(y, dTable);
        }

        @Override
        public int terms() {
            return 2;
        }
    }

    /// Checks, then sets up.
    @Setup
    public void setUp() {
        int[] extents = extents(size);
        operands = prepare(
                room -> new Operands(room, 3, 17, 20, 41),
                room -> new Operands(room, extents[0], extents[1], extents[2], extents[3]));
    }

    /// `y = scale · table[ids] + positions`
    @Benchmark
    public void forward(Work work) {
        operands.forward();
        done(work, operands.forwardCost);
    }

    /// `dTable[ids] += scale · dy`
    @Benchmark
    public void backward(Work work) {
        operands.backward();
        done(work, operands.backwardCost);
    }
}
