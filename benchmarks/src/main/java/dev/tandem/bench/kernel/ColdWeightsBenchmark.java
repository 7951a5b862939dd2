package dev.tandem.bench.kernel;

import dev.tandem.bench.BackendBenchmark;
import dev.tandem.bench.Problem;
import dev.tandem.bench.Room;
import dev.tandem.bench.Work;
import dev.tandem.bench.machine.Cost;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Linear;
import java.util.List;
import java.util.Optional;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/// How fast are a few rows multiplied by weights that lie in memory and in no cache, as in decoding, and
/// what do weights of fewer bytes gain?
///
/// Bound by the bytes of the weights. Calls take turns with copies of them that no cache holds together.
/// One fork, since a full run takes an hour anyway.
@Fork(1)
public class ColdWeightsBenchmark extends BackendBenchmark {
    private static final long NO_CACHE = 256L << 20;

    /// `N x in x out`.
    @Param({"1x768x3072", "1x3072x768"})
    public String size = "";

    /// Of the weights; activations are F32.
    @Param({"F32", "BF16", "Q8"})
    public ElementType weights = ElementType.F32;

    @SuppressWarnings("NullAway.Init")
    private Product product;

    /// Called by JMH.
    public ColdWeightsBenchmark() {}

    /// One layer, with several copies of its weights.
    private static final class Product implements Problem {
        private final Linear linear;
        private final Tensor y;
        private final Tensor x;
        private final List<Tensor> copies;
        private final Optional<Tensor> bias;
        private final Cost cost;
        private int next;

        Product(Room room, ElementType type, int N, int in, int out, long bytes) {
            this.linear = room.kernels().linear();
            this.y = room.activation("y", N, out);
            this.x = room.activation("x", N, in);
            this.copies = room.copies("weight", type, bytes, out, in);
            this.bias = Optional.of(room.state("bias", out));
            Tensor weight = copies.getFirst(); // as any other
            this.cost = Cost.of(2.0 * N * in * out, List.of(x, weight), List.of(y))
                    .over((double) copies.size() * type.bytes(weight.shape()));
        }

        @Override
        public void run() {
            linear.forward(y, x, copies.get(next), bias);
            next = (next + 1) % copies.size();
        }

        @Override
        public List<Tensor> results() {
            return List.of(y);
        }

        @Override
        public int terms() {
            return x.shape().last();
        }
    }

    /// Checks, then sets up.
    @Setup
    public void setUp() {
        int[] extents = extents(size);
        product = prepare(
                room -> new Product(room, weights, 3, 1021, 131, 0),
                room -> new Product(room, weights, extents[0], extents[1], extents[2], NO_CACHE));
    }

    /// `y = x·Wᵀ + bias`
    @Benchmark
    public void forward(Work work) {
        product.run();
        done(work, product.cost);
    }
}
