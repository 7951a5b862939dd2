package dev.tandem.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tandem.engine.Backend;
import dev.tandem.engine.BackendOptions;
import dev.tandem.engine.Region;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.FeedForwardWeights;
import dev.tandem.engine.kernel.GeluForm;
import dev.tandem.testkit.contract.RequiredBackend;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What the tasks of uneven experts must not change.
final class CpuExpertsTest {
    private static final int N = 300;
    private static final int C = 40;
    private static final int F = 900; // more than one chunk of a reduction

    static List<int[]> counts() {
        return List.of(
                new int[] {300}, // one expert, several blocks
                new int[] {0, 271, 0, 1, 4, 0}, // empty ones, a single row, all else in one
                new int[] {50, 50, 50},
                new int[] {32, 8, 40, 14, 191}, // few and many to be multiplied by weights as they lie
                new int[] {0, 0});
    }

    @ParameterizedTest
    @MethodSource("counts")
    void theFusedLayerEqualsTheComposedOneToTheBit(int[] counts) {
        try (var experts = new Experts(2, counts)) {
            Tensor fused = experts.fused(Optional.empty());
            assertThat(experts.owned(fused, C)).isEqualTo(experts.owned(experts.composed(), C));
        }
    }

    /// Hidden blocks that are multiplied in several groups of chunks.
    @Test
    void theFusedDataGradientEqualsTheComposedOneToTheBit() {
        try (var experts = new Experts(2, new int[] {192, 17, 64}, 200, 2100)) {
            Tensor saved = experts.region.floats("saved", Role.ACTIVATION, experts.R, experts.inner);
            Tensor dX = experts.region.floats("dX", Role.ACTIVATION, experts.R, experts.width);
            experts.fused(Optional.of(saved));
            experts.fusedBackward(dX, experts.weights("gradient"), saved, GeluForm.TANH);
            Tensor composed = experts.composedDataGradient();
            assertThat(experts.owned(dX, experts.width)).isEqualTo(experts.owned(composed, experts.width));
        }
    }

    @ParameterizedTest
    @MethodSource("counts")
    void bitsDoNotDependOnTheNumberOfThreads(int[] counts) {
        List<float[]> one = everything(1, counts);
        for (int threads : new int[] {2, 5}) {
            List<float[]> several = everything(threads, counts);
            for (int i = 0; i < one.size(); i++) {
                assertThat(several.get(i)).as("result %d", i).isEqualTo(one.get(i));
            }
        }
    }

    private static List<float[]> everything(int threads, int[] counts) {
        try (var experts = new Experts(threads, counts)) {
            Tensor preActivation = experts.region.floats("preActivation", Role.ACTIVATION, experts.R, F);
            Tensor y = experts.fused(Optional.of(preActivation));
            float[] saved = experts.owned(preActivation, F);
            Tensor dX = experts.region.floats("dX", Role.ACTIVATION, experts.R, C);
            FeedForwardWeights gradients = experts.weights("gradient");
            experts.fusedBackward(dX, gradients, preActivation, GeluForm.ERF);
            return List.of(
                    experts.owned(y, C),
                    saved,
                    experts.owned(dX, C),
                    experts.backend.floats(gradients.up()),
                    experts.backend.floats(gradients.upBias()),
                    experts.backend.floats(gradients.down()),
                    experts.backend.floats(gradients.downBias()));
        }
    }

    @Test
    void rowsOutsideTheBufferAreRefused() {
        try (var experts = new Experts(2, new int[] {50, 50})) {
            experts.backend.upload(experts.rows.counts(), new int[] {50, 51});
            assertThatThrownBy(() -> experts.fused(Optional.empty()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("expert 1 claims 51 rows from row 50");
            experts.backend.upload(experts.rows.counts(), new int[] {-1, 50});
            assertThatThrownBy(experts::composed)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("expert 0 claims -1 rows");
        }
    }

    @Test
    void aChoiceOfNoTokenIsRefused() {
        try (var experts = new Experts(2, new int[] {50, 50})) {
            for (int bad : new int[] {-1, N, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
                int[] choices = experts.choices.clone();
                choices[70] = bad;
                experts.backend.upload(experts.rows.choiceOf(), choices);
                assertThatThrownBy(() -> experts.fused(Optional.empty()))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("owned row 70")
                        .hasMessageContaining("held " + bad);
            }
        }
    }

    /// A layer of compact experts, one choice per token, tokens in an order that is not the rows'.
    private static final class Experts implements AutoCloseable {
        final Backend backend;
        final Region region;
        final int[] counts;
        final int[] choices;
        final int width;
        final int inner;
        final int R;
        final Tensor x;
        final Tensor dY;
        final FeedForwardWeights weights;
        final ExpertRows rows;
        private final int used;

        Experts(int threads, int[] counts) {
            this(threads, counts, C, F);
        }

        Experts(int threads, int[] counts, int width, int inner) {
            this.width = width;
            this.inner = inner;
            backend = RequiredBackend.open(CpuDevice.NAME, new BackendOptions(threads));
            region = backend.region("test");
            this.counts = counts;
            used = Arrays.stream(counts).sum();
            R = Math.max(1, used);
            choices = new int[R];
            for (int r = 0; r < R; r++) {
                choices[r] = (r * 7 + 5) % N;
            }
            x = region.floats("x", Role.ACTIVATION, N, width);
            dY = region.floats("dY", Role.ACTIVATION, R, width);
            backend.upload(x, Buffers.random(N * width, 1));
            backend.upload(dY, Buffers.random(R * width, 2));
            weights = weights("weight");
            upload(weights);
            rows = new ExpertRows(
                    region.integers("starts", counts.length),
                    region.integers("counts", counts.length),
                    region.integers("choiceOf", R));
            var starts = new int[counts.length];
            for (int e = 1; e < counts.length; e++) {
                starts[e] = starts[e - 1] + counts[e - 1];
            }
            backend.upload(rows.starts(), starts);
            backend.upload(rows.counts(), counts);
            backend.upload(rows.choiceOf(), choices);
        }

        FeedForwardWeights weights(String name) {
            int E = counts.length;
            return new FeedForwardWeights(
                    region.floats(name + ".up", Role.WEIGHT, E, inner, width),
                    region.floats(name + ".upBias", Role.STATE, E, inner),
                    region.floats(name + ".down", Role.WEIGHT, E, width, inner),
                    region.floats(name + ".downBias", Role.STATE, E, width));
        }

        private void upload(FeedForwardWeights weights) {
            int seed = 3;
            for (Tensor tensor : List.of(weights.up(), weights.upBias(), weights.down(), weights.downBias())) {
                int elements = Math.toIntExact(tensor.shape().elements());
                backend.upload(tensor, Buffers.random(elements, seed++));
            }
        }

        Tensor fused(Optional<Tensor> preActivation) {
            Tensor y = region.floats("y", Role.ACTIVATION, R, width);
            backend.kernels().expertFeedForward().forward(y, preActivation, x, weights, rows, 1, GeluForm.TANH);
            return y;
        }

        void fusedBackward(Tensor dX, FeedForwardWeights gradients, Tensor preActivation, GeluForm form) {
            var layer = backend.kernels().expertFeedForward();
            layer.backward(dX, gradients, dY, preActivation, x, weights, rows, 1, form);
        }

        Tensor composed() {
            return composed(Optional.empty());
        }

        private Tensor composed(Optional<Tensor> preActivation) {
            Tensor gathered = region.floats("gathered", Role.ACTIVATION, R, width);
            float[] tokens = backend.floats(x);
            var scattered = new float[R * width];
            for (int r = 0; r < R; r++) {
                System.arraycopy(tokens, choices[r] * width, scattered, r * width, width);
            }
            backend.upload(gathered, scattered);
            Tensor hidden = region.floats("hidden", Role.ACTIVATION, R, inner);
            Tensor y = region.floats("y", Role.ACTIVATION, R, width);
            var linear = backend.kernels().expertLinear();
            linear.forwardGelu(
                    hidden, preActivation, gathered, weights.up(), Optional.of(weights.upBias()), rows, GeluForm.TANH);
            linear.forward(y, hidden, weights.down(), Optional.of(weights.downBias()), rows);
            return y;
        }

        Tensor composedDataGradient() {
            Tensor preActivation = region.floats("preActivation", Role.ACTIVATION, R, inner);
            Tensor dHidden = region.floats("dHidden", Role.ACTIVATION, R, inner);
            Tensor dX = region.floats("composed dX", Role.ACTIVATION, R, width);
            Tensor ignored = composed(Optional.of(preActivation));
            var linear = backend.kernels().expertLinear();
            linear.backwardData(dHidden, dY, weights.down(), rows);
            backend.kernels().gelu().backward(dHidden, dHidden, preActivation, GeluForm.TANH);
            linear.backwardData(dX, dHidden, weights.up(), rows);
            return dX;
        }

        /// The rows that experts own; what others hold is unspecified.
        float[] owned(Tensor tensor, int columns) {
            return Arrays.copyOf(backend.floats(tensor), used * columns);
        }

        @Override
        public void close() {
            region.close();
            backend.close();
        }
    }
}
