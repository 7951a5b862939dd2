package dev.tandem.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tandem.engine.Backend;
import dev.tandem.engine.BackendOptions;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.GeluForm;
import dev.tandem.engine.kernel.Linear;
import dev.tandem.testkit.contract.RequiredBackend;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What the blocking must not change; that the products are right at small sizes is the contract's affair.
final class CpuLinearTest {
    private static final double HALF_ULP = 0x1p-24;
    // of a value near 1, where there are few terms
    private static final int MOST_DEVIATIONS = 64;

    private static final int PRE_ACTIVATION = 1;
    private static final int DX = 2;
    private static final int D_WEIGHT = 3;
    private static final int D_BIAS = 4;

    // Rows above one block of the forward product and of the data gradient, reductions above one chunk,
    // tokens above one chunk, and one row with many columns; several groups of chunks for several tasks over a block.
    @ParameterizedTest(name = "N={0} in={1} out={2}")
    @CsvSource({
        "1,769,330",
        "4,70,1000",
        "17,1537,65",
        "113,33,47",
        "257,20,800",
        "1030,35,34",
        "40,1540,67",
        "70,515,1030",
        "300,1100,600"
    })
    void bitsDoNotDependOnTheNumberOfThreads(int N, int in, int out) {
        List<float[]> one = run(1, N, in, out);
        for (int threads : new int[] {2, 5}) {
            List<float[]> several = run(threads, N, in, out);
            for (int i = 0; i < one.size(); i++) {
                assertThat(several.get(i)).as("result %d", i).isEqualTo(one.get(i));
            }
        }
    }

    @ParameterizedTest(name = "N={0} in={1} out={2}")
    @CsvSource({
        "1,769,330",
        "113,33,47",
        "17,1537,65",
        "1030,35,34",
        "40,1540,67",
        "70,515,1030",
        "2,50021,3",
        "2,3,50021",
        "50021,2,3"
    })
    void productsAreRightAcrossBlocks(int N, int in, int out) {
        List<float[]> results = run(2, N, in, out);
        float[] x = Buffers.random(N * in, 1);
        float[] weight = Buffers.random(out * in, 2);
        float[] bias = Buffers.random(out, 3);
        float[] dy = Buffers.random(N * out, 4);
        var dx = new double[N * in];
        var dWeight = new double[out * in];
        var dBias = new double[out];
        for (int n = 0; n < N; n++) {
            for (int o = 0; o < out; o++) {
                double sum = bias[o];
                double slope = dy[n * out + o];
                dBias[o] += slope;
                for (int i = 0; i < in; i++) {
                    sum += (double) x[n * in + i] * weight[o * in + i];
                    dx[n * in + i] += slope * weight[o * in + i];
                    dWeight[o * in + i] += slope * x[n * in + i];
                }
                assertThat((double) results.get(PRE_ACTIVATION)[n * out + o]).isCloseTo(sum, rounding(in));
            }
        }
        close(results.get(DX), dx, out);
        close(results.get(D_WEIGHT), dWeight, N);
        close(results.get(D_BIAS), dBias, N);
    }

    private static void close(float[] actual, double[] expected, int terms) {
        for (int i = 0; i < expected.length; i++) {
            assertThat((double) actual[i]).as("element %d", i).isCloseTo(expected[i], rounding(terms));
        }
    }

    /// Of a chain of sums of terms below 1 of either sign: each rounds a value of about √terms by half an ulp, and
    /// roundings add up like the terms themselves, to √terms of one.
    private static Offset<Double> rounding(int terms) {
        return within(HALF_ULP * Math.max(MOST_DEVIATIONS, terms));
    }

    @Test
    void aRowHasTheSameBitsAloneAndInABatch() {
        int in = 800;
        int out = 70;
        int N = 40;
        float[] x = Buffers.random(N * in, 1);
        float[] batch = forward(x, N, in, out);
        for (int n = 0; n < N; n += 13) {
            float[] alone = forward(Arrays.copyOfRange(x, n * in, (n + 1) * in), 1, in, out);
            assertThat(alone).isEqualTo(Arrays.copyOfRange(batch, n * out, (n + 1) * out));
        }
    }

    private static float[] forward(float[] x, int N, int in, int out) {
        try (Backend backend = open(2);
                var region = backend.region("test")) {
            Tensor xs = region.floats("x", Role.ACTIVATION, N, in);
            Tensor ys = region.floats("y", Role.ACTIVATION, N, out);
            Tensor weight = region.floats("weight", Role.WEIGHT, out, in);
            backend.upload(xs, x);
            backend.upload(weight, Buffers.random(out * in, 2));
            backend.kernels().linear().forward(ys, xs, weight, Optional.empty());
            return backend.floats(ys);
        }
    }

    private static List<float[]> run(int threads, int N, int in, int out) {
        try (Backend backend = open(threads);
                var region = backend.region("test")) {
            Tensor x = region.floats("x", Role.ACTIVATION, N, in);
            Tensor weight = region.floats("weight", Role.WEIGHT, out, in);
            Tensor bias = region.floats("bias", Role.STATE, out);
            Tensor y = region.floats("y", Role.ACTIVATION, N, out);
            Tensor preActivation = region.floats("preActivation", Role.ACTIVATION, N, out);
            Tensor dx = region.floats("dx", Role.ACTIVATION, N, in);
            Tensor dy = region.floats("dy", Role.ACTIVATION, N, out);
            Tensor dWeight = region.floats("dWeight", Role.WEIGHT, out, in);
            Tensor dBias = region.floats("dBias", Role.STATE, out);
            backend.upload(x, Buffers.random(N * in, 1));
            backend.upload(weight, Buffers.random(out * in, 2));
            backend.upload(bias, Buffers.random(out, 3));
            backend.upload(dy, Buffers.random(N * out, 4));
            Linear linear = backend.kernels().linear();
            linear.forwardGelu(y, Optional.of(preActivation), x, weight, Optional.of(bias), GeluForm.ERF);
            linear.backwardData(dx, dy, weight);
            linear.backwardWeight(dWeight, Optional.of(dBias), dy, x);
            return List.of(
                    backend.floats(y),
                    backend.floats(preActivation),
                    backend.floats(dx),
                    backend.floats(dWeight),
                    backend.floats(dBias));
        }
    }

    private static Backend open(int threads) {
        return RequiredBackend.open(CpuDevice.NAME, new BackendOptions(threads));
    }
}
