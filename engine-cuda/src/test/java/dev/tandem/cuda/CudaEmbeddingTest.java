package dev.tandem.cuda;

import static dev.tandem.testkit.contract.Tolerance.reduction;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.testkit.contract.EmbeddingContract;
import dev.tandem.testkit.contract.Trial;
import dev.tandem.testkit.contract.Workbench;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class CudaEmbeddingTest extends EmbeddingContract {
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
        List<Trial> trials = new ArrayList<>(super.trials());
        trials.add(Trial.of("sorted by one digit, several chunks", on -> table(on, 5, 700, 6, 90, 17)));
        trials.add(Trial.of("sorted by two digits, several chunks", on -> table(on, 3, 800, 6, 700, -1)));
        trials.add(Trial.of("sorted by three digits", on -> table(on, 2, 100, 5, 70_000, 0)));
        trials.add(Trial.of("all tokens the same", on -> table(on, 1, 1100, 4, 1, -1)));
        trials.add(Trial.of("nothing but padding", on -> table(on, 2, 40, 8, 1, 0)));
        return trials;
    }

    private static void table(Workbench on, int B, int T, int C, int V, int padding) {
        int[] values = on.random("ids").ints((long) B * T, 0, V).toArray();
        Tensor ids = on.integers("ids", values, B, T);
        Tensor dy = on.input("dy", B, T, C);
        Tensor dTable = on.accumulated("dTable", reduction(B * T), Role.WEIGHT, V, C);
        on.kernels().embedding().backward(dTable, Optional.empty(), dy, ids, 0.5f, padding);
    }

    @Test
    void positionsBehindTheTableAreRefusedAndNotWritten() {
        int C = 8;
        int P = 4;
        int T = 6;
        try (Backend device = open();
                var region = device.region("positions")) {
            Tensor larger = region.floats("dPositions", Role.STATE, P + T, C);
            Tensor dTable = region.floats("dTable", Role.WEIGHT, 1, C);
            Tensor dy = region.floats("dy", Role.ACTIVATION, 1, T, C);
            Tensor ids = region.integers("ids", 1, T);
            device.kernels().fill().constant(dy, 1);
            Tensor dPositions = larger.slice(0, P);

            device.kernels().embedding().backward(dTable, Optional.of(dPositions), dy, ids, 1, -1);

            assertThatThrownBy(device::synchronize)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("positions must be in 0..3, but holds");
            assertThat(device.floats(larger.slice(P, T))).containsOnly(0);
        }
    }
}
