package dev.tandem.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tandem.engine.Backend;
import dev.tandem.engine.BackendOptions;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.testkit.contract.RequiredBackend;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Tables of many panels, in whose order tokens are taken; small ones are the contract's affair.
final class CpuEmbeddingTest {
    private static final int B = 4;
    private static final int T = 75;
    private static final int C = 150;
    private static final int V = 333;
    private static final float SCALE = 1.5f;

    private final int[] ids = new SplittableRandom(5).ints(B * T, 0, V).toArray();
    private final float[] table = Buffers.random(V * C, 1);
    private final float[] positions = Buffers.random(T * C, 2);
    private final float[] dy = Buffers.random(B * T * C, 3);

    @Test
    void everyTokenHasItsRowAndEveryRowItsTokens() {
        List<float[]> results = run(2);
        var dTable = new double[V * C];
        var dPositions = new double[T * C];
        for (int n = 0; n < B * T; n++) {
            for (int c = 0; c < C; c++) {
                double y = (double) SCALE * table[ids[n] * C + c] + positions[n % T * C + c];
                assertThat((double) results.get(0)[n * C + c]).isCloseTo(y, within(1e-6));
                dTable[ids[n] * C + c] += (double) SCALE * dy[n * C + c];
                dPositions[n % T * C + c] += dy[n * C + c];
            }
        }
        for (int i = 0; i < dTable.length; i++) {
            assertThat((double) results.get(1)[i]).as("dTable %d", i).isCloseTo(dTable[i], within(1e-5));
        }
        for (int i = 0; i < dPositions.length; i++) {
            assertThat((double) results.get(2)[i]).as("dPositions %d", i).isCloseTo(dPositions[i], within(1e-5));
        }
    }

    @Test
    void bitsDoNotDependOnTheNumberOfThreads() {
        List<float[]> one = run(1);
        for (int threads : new int[] {2, 5}) {
            List<float[]> several = run(threads);
            for (int i = 0; i < one.size(); i++) {
                assertThat(several.get(i)).as("result %d", i).isEqualTo(one.get(i));
            }
        }
    }

    private List<float[]> run(int threads) {
        try (Backend device = RequiredBackend.open(CpuDevice.NAME, new BackendOptions(threads));
                var region = device.region("embedding")) {
            Tensor tokens = region.integers("ids", B, T);
            device.upload(tokens, ids);
            Tensor weights = region.floats("table", Role.WEIGHT, V, C);
            device.upload(weights, table);
            Tensor learned = region.floats("positions", Role.STATE, T, C);
            device.upload(learned, positions);
            Tensor upstream = region.floats("dy", Role.ACTIVATION, B, T, C);
            device.upload(upstream, dy);
            Tensor y = region.floats("y", Role.ACTIVATION, B, T, C);
            Tensor dTable = region.floats("dTable", Role.WEIGHT, V, C);
            Tensor dPositions = region.floats("dPositions", Role.STATE, T, C);
            var kernel = device.kernels().embedding();
            kernel.forward(y, tokens, weights, learned, SCALE, -1, 0);
            kernel.backward(dTable, Optional.of(dPositions), upstream, tokens, SCALE, -1);
            return List.of(device.floats(y), device.floats(dTable), device.floats(dPositions));
        }
    }
}
