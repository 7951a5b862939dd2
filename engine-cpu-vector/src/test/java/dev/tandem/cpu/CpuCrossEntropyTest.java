package dev.tandem.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tandem.engine.Backend;
import dev.tandem.engine.BackendOptions;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.testkit.contract.RequiredBackend;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/// Rows of several chunks, of which later ones change what is subtracted.
final class CpuCrossEntropyTest {
    private static final int V = 10_007;

    @Test
    void laterLogitsMayBeFarAboveEarlierOnes() {
        float[] logits = Buffers.random(V, 1);
        for (int v = 5000; v < V; v++) {
            logits[v] += v < 9000 ? 40 : 300;
        }
        assertThat((double) logSumExp(logits)).isCloseTo(expected(logits), within(1e-4));
    }

    @Test
    void aChunkMayHoldNothing() {
        float[] logits = Buffers.random(V, 2);
        Arrays.fill(logits, 0, 5000, Float.NEGATIVE_INFINITY);
        for (int v = 5000; v < V; v++) {
            logits[v] -= 1000;
        }
        assertThat((double) logSumExp(logits)).isCloseTo(expected(logits), within(1e-4));
        Arrays.fill(logits, Float.NEGATIVE_INFINITY);
        assertThat(logSumExp(logits)).isEqualTo(Float.NEGATIVE_INFINITY);
    }

    @Test
    void oneBrokenLogitShows() {
        for (int broken : new int[] {3, 9000, V - 1}) {
            float[] logits = Buffers.random(V, 3);
            logits[broken] = Float.NaN;
            assertThat(logSumExp(logits)).as("logit %d", broken).isNaN();
        }
    }

    private static float logSumExp(float[] values) {
        try (Backend device = RequiredBackend.open(CpuDevice.NAME, new BackendOptions(1));
                var region = device.region("logits")) {
            Tensor logits = region.floats("logits", Role.ACTIVATION, 1, V);
            device.upload(logits, values);
            Tensor targets = region.integers("targets", 1);
            Tensor sum = region.floats("logSumExp", Role.ACTIVATION, 1);
            Tensor loss = region.floats("loss", Role.ACTIVATION, 1);
            Tensor total = region.floats("total", Role.ACTIVATION, 1);
            device.kernels().crossEntropy().forward(total, loss, sum, logits, targets);
            return device.floats(sum)[0];
        }
    }

    private static double expected(float[] logits) {
        double max = Double.NEGATIVE_INFINITY;
        for (float logit : logits) {
            max = Math.max(max, logit);
        }
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - max);
        }
        return max + Math.log(sum);
    }
}
