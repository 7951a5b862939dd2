package dev.tandem.cuda;

import static dev.tandem.testkit.contract.Tolerance.reduction;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Capacity;
import dev.tandem.engine.kernel.ExpertLoad;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.GateOptions;
import dev.tandem.engine.kernel.Routing;
import dev.tandem.engine.kernel.SecondPolicy;
import dev.tandem.testkit.contract.GateContract;
import dev.tandem.testkit.contract.Trial;
import dev.tandem.testkit.contract.Workbench;
import java.util.List;
import java.util.Optional;

/// The contract of the gate at sizes where its kernels take other ways: rows in 16 registers and in
/// none, more choices than lanes, histograms outside shared memory, several chunks of tokens.
final class CudaGateSizesTest extends GateContract {
    private static final SecondPolicy ALL = SecondPolicy.ALL;

    @Override
    protected Backend open() {
        return ShimBackend.open();
    }

    @Override
    protected Backend open(int threads) {
        return ShimBackend.open(threads);
    }

    @Override
    protected List<Trial> trials() {
        return List.of(
                trial(3, 2, new GateOptions(2, ALL, false, false, new Capacity.Training(1), false)),
                trial(33, 300, new GateOptions(2, ALL, false, false, new Capacity.Training(1), false)),
                trial(33, 512, new GateOptions(2, SecondPolicy.SAMPLING, false, false, new Capacity.Dropless(), true)),
                trial(35, 513, new GateOptions(3, ALL, true, false, new Capacity.Fraction(0.04), true)),
                trial(9, 1100, new GateOptions(2, SecondPolicy.SAMPLING, false, false, new Capacity.Training(1), true)),
                trial(2, 12_300, new GateOptions(2, ALL, false, false, new Capacity.Training(1), true)),
                trial(40, 40, new GateOptions(40, ALL, false, false, new Capacity.Fraction(0.6), false)),
                trial(5, 600, new GateOptions(70, ALL, true, true, new Capacity.Training(2), true)),
                trial(290, 5, new GateOptions(2, SecondPolicy.RANDOM, false, true, new Capacity.Training(1), false)),
                trial(1060, 3, new GateOptions(3, ALL, false, true, new Capacity.Training(0.9), true)));
    }

    private static Trial trial(int N, int E, GateOptions options) {
        return Trial.of("N=%d E=%d %s".formatted(N, E, options), on -> both(on, N, E, options));
    }

    /// Every token's largest probability is far from all others', or equal to its neighbour's.
    private static float[] logits(Workbench on, int N, int E) {
        var random = on.random("logits");
        float[] logits = new float[N * E];
        for (int n = 0; n < N; n++) {
            if (n % 2 == 1) {
                System.arraycopy(logits, (n - 1) * E, logits, n * E, E);
                continue;
            }
            for (int e = 0; e < E; e++) {
                // zeros of both signs, which tie
                logits[n * E + e] = random.nextInt(5) * 0x1p-5f * (random.nextBoolean() ? 1 : -1);
            }
            // 7919 is prime to every N here, so the heights are a permutation
            logits[n * E + random.nextInt(E)] = 1 + 2 * (n * 7919L % N) / (float) N;
        }
        return logits;
    }

    private static float[] noise(Workbench on, int length, boolean uniform) {
        var random = on.random("noise");
        float[] noise = new float[length];
        for (int i = 0; i < length; i++) {
            // odd multiples lie between the logits' grid, so that only equal ones tie
            noise[i] = uniform ? random.nextInt(64) / 64f : (2 * random.nextInt(200) + 1) * 0x1p-7f;
        }
        return noise;
    }

    private static void both(Workbench on, int N, int E, GateOptions options) {
        int K = options.K();
        Tensor logits = on.input("logits", ElementType.F32, Role.ACTIVATION, logits(on, N, E), N, E);
        int[] padded = on.random("padding").ints(N, 0, 6).map(i -> i / 5).toArray();
        Tensor padding = on.integers("padding", padded, N);
        Optional<Tensor> noise = switch (options.secondPolicy()) {
            case ALL -> Optional.empty();
            case SAMPLING ->
                Optional.of(on.input("noise", ElementType.F32, Role.ACTIVATION, noise(on, N * E, false), N, E));
            case RANDOM -> Optional.of(on.input("noise", ElementType.F32, Role.ACTIVATION, noise(on, N, true), N));
        };
        Tensor dWeight = on.input("dWeight", ElementType.F32, Role.ACTIVATION, 1, N, K);
        var routing = new Routing(
                on.integerResult("expert", N, K),
                on.integerResult("slot", N, K),
                on.statistic("weight", reduction(E), N, K));
        var rows = new ExpertRows(
                on.integerResult("starts", E),
                on.integerResult("counts", E),
                on.integerResult("choiceOf", options.rows(N, E)));
        var load = new ExpertLoad(
                on.integerResult("queued", K, E),
                on.integerResult("dropped", K, E),
                on.statistic("entropy", reduction(E), 1));
        Tensor balanceLoss = on.statistic("balanceLoss", reduction(N), 1);
        Tensor probabilities = on.statistic("probabilities", reduction(E), N, E);
        Tensor dLogits = on.result("dLogits", reduction(E), N, E);
        var gate = on.kernels().gate();
        gate.forward(routing, rows, load, balanceLoss, probabilities, logits, Optional.of(padding), noise, options);
        gate.backward(dLogits, dWeight, routing, load, probabilities, 0.7f, options);
    }
}
