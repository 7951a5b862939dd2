package dev.tandem.bench.kernel;

import dev.tandem.bench.BackendBenchmark;
import dev.tandem.bench.Problem;
import dev.tandem.bench.Room;
import dev.tandem.bench.Work;
import dev.tandem.bench.machine.Cost;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.GeluForm;
import dev.tandem.engine.kernel.Linear;
import java.util.List;
import java.util.Optional;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/// How fast is a dense matrix product, and how fast are its gradients?
///
/// Bound by FLOPs, `2·N·in·out` per product; below some ten rows by the bytes of the weight. Sizes:
/// the square one of the goals, then the layers of the 125M models with the rows of a training
/// batch, of a prompt and of decoding.
public class LinearBenchmark extends BackendBenchmark {
    /// `N x in x out`.
    @Param({
        "2048x2048x2048",
        "1024x768x3072",
        "1024x3072x768",
        "256x768x3072",
        "64x768x3072",
        "64x3072x768",
        "8x768x3072",
        "1x768x3072"
    })
    public String size = "";

    @SuppressWarnings("NullAway.Init")
    private Product product;

    /// Called by JMH.
    public LinearBenchmark() {}

    /// One layer.
    private static final class Product implements Problem {
        private final Linear linear;
        private final int in;
        private final Tensor y;
        private final Tensor preActivation;
        private final Optional<Tensor> saved;
        private final Tensor activated;
        private final Tensor x;
        private final Tensor weight;
        private final Optional<Tensor> bias;
        private final Tensor dx;
        private final Tensor dWeight;
        private final Optional<Tensor> dBias;
        private final Tensor dy;
        private final Cost forwardCost;
        private final Cost forwardGeluCost;
        private final Cost backwardDataCost;
        private final Cost backwardWeightCost;

        Product(Room room, int N, int in, int out) {
            this.linear = room.kernels().linear();
            this.in = in;
            this.y = room.activation("y", N, out);
            this.preActivation = room.activation("preActivation", N, out);
            this.saved = Optional.of(preActivation);
            this.activated = room.activation("activated", N, out);
            this.x = room.activation("x", N, in);
            this.weight = room.weight("weight", out, in);
            this.bias = Optional.of(room.state("bias", out));
            this.dx = room.activation("dx", N, in);
            this.dWeight = room.gradient("dWeight", out, in);
            this.dBias = Optional.of(room.state("dBias", out));
            this.dy = room.activation("dy", N, out);
            double flop = 2.0 * N * in * out;
            this.forwardCost = Cost.of(flop, List.of(x, weight), List.of(y));
            this.forwardGeluCost = Cost.of(flop, List.of(x, weight), List.of(activated, preActivation));
            this.backwardDataCost = Cost.of(flop, List.of(dy, weight), List.of(dx));
            this.backwardWeightCost = Cost.of(flop, List.of(dy, x, dWeight), List.of(dWeight));
        }

        void forward() {
            linear.forward(y, x, weight, bias);
        }

        void forwardGelu() {
            linear.forwardGelu(activated, saved, x, weight, bias, GeluForm.ERF);
        }

        void backwardData() {
            linear.backwardData(dx, dy, weight);
        }

        void backwardWeight() {
            linear.backwardWeight(dWeight, dBias, dy, x);
        }

        @Override
        public void run() {
            forward();
            forwardGelu();
            backwardData();
            backwardWeight();
        }

        @Override
        public List<Tensor> results() {
            return List.of(y, activated, preActivation, dx, dWeight, dBias.orElseThrow());
        }

        @Override
        public int terms() {
            return in;
        }
    }

    /// Checks, then sets up.
    @Setup
    public void setUp() {
        int[] extents = extents(size);
        // Tails everywhere, and more columns than one block of the inner loop.
        product = prepare(
                room -> new Product(room, 37, 1021, 131),
                room -> new Product(room, extents[0], extents[1], extents[2]));
    }

    /// `y = x·Wᵀ + bias`
    @Benchmark
    public void forward(Work work) {
        product.forward();
        done(work, product.forwardCost);
    }

    /// As [#forward], with the activation in the same pass and its argument saved.
    @Benchmark
    public void forwardGelu(Work work) {
        product.forwardGelu();
        done(work, product.forwardGeluCost);
    }

    /// `dx = dy·W`
    @Benchmark
    public void backwardData(Work work) {
        product.backwardData();
        done(work, product.backwardDataCost);
    }

    /// `dW += dyᵀ·x`
    @Benchmark
    public void backwardWeight(Work work) {
        product.backwardWeight();
        done(work, product.backwardWeightCost);
    }
}
