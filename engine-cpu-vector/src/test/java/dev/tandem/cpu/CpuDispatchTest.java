package dev.tandem.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tandem.engine.Backend;
import dev.tandem.engine.BackendOptions;
import dev.tandem.engine.Region;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.Routing;
import dev.tandem.testkit.contract.RequiredBackend;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Scattering divided by rows, where the caches hold them, and by tokens.
final class CpuDispatchTest {
    private static final int C = 1024;
    private static final int K = 2;
    private static final int E = 7;

    static IntStream tokens() {
        long bytesOfToken = (long) (1 + K) * C * Float.BYTES;
        int cached = (int) (Processor.lastLevelCache() / 2 / bytesOfToken);
        return IntStream.of(1, 100, cached + 100);
    }

    @ParameterizedTest(name = "{0} tokens")
    @MethodSource("tokens")
    void everyTokenStandsInItsRows(int N) {
        try (Backend backend = RequiredBackend.open(CpuDevice.NAME, new BackendOptions(3));
                Region region = backend.region("rows")) {
            int[] expert = IntStream.range(0, N * K)
                    .map(choice -> (choice / K * 3 + choice % K * 2) % E)
                    .toArray();
            int[] counts = new int[E];
            int[] slot = IntStream.of(expert).map(e -> counts[e]++).toArray();
            int[] starts = IntStream.range(0, E)
                    .map(e -> IntStream.range(0, e).map(i -> counts[i]).sum())
                    .toArray();
            Tensor x = region.floats("x", Role.ACTIVATION, N, C);
            backend.kernels().fill().normal(x, 0, 1, 17, 0);
            Tensor expertX = region.floats("expertX", Role.ACTIVATION, N * K, C);
            var routing = new Routing(
                    integers(backend, region, "expert", expert, N, K),
                    integers(backend, region, "slot", slot, N, K),
                    region.floats("weight", Role.ACTIVATION, N, K));
            var rows = new ExpertRows(
                    integers(backend, region, "starts", starts, E),
                    integers(backend, region, "counts", counts, E),
                    region.integers("choiceOf", N * K));
            backend.kernels().dispatch().scatter(expertX, x, routing, rows);
            float[] tokens = backend.floats(x);
            float[] moved = backend.floats(expertX);
            for (int choice = 0; choice < N * K; choice++) {
                int row = starts[expert[choice]] + slot[choice];
                int token = choice / K;
                assertThat(Arrays.equals(moved, row * C, (row + 1) * C, tokens, token * C, (token + 1) * C))
                        .as("row %d holds token %d", row, token)
                        .isTrue();
            }
        }
    }

    private static Tensor integers(Backend backend, Region region, String name, int[] values, int... extents) {
        Tensor tensor = region.integers(name, extents);
        backend.upload(tensor, values);
        return tensor;
    }
}
