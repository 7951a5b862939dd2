package dev.tandem.cuda;

import static dev.tandem.testkit.contract.Tolerance.reduction;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Region;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.Routing;
import dev.tandem.testkit.contract.KernelContract;
import dev.tandem.testkit.contract.Tolerance;
import dev.tandem.testkit.contract.Trial;
import dev.tandem.testkit.contract.Workbench;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The contract of dispatch where rows take several tiles, by 16 bytes and by 4, and tokens have more
/// choices than a warp has lanes.
final class CudaDispatchSizesTest extends KernelContract {
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
        return List.of(trial(2, 1, 1, 1), trial(5, 2, 3, 513), trial(6, 2, 4, 1300), trial(3, 67, 70, 36));
    }

    private static Trial trial(int N, int K, int E, int C) {
        return Trial.of("N=%d K=%d E=%d C=%d".formatted(N, K, E, C), on -> everyDirection(on, new Plan(N, K, E), C));
    }

    /// Token n's choice k is of expert n + k; the last slot of every expert stays free.
    private static final class Plan {
        private final int N;
        private final int K;
        private final int E;
        private final int S;
        private final int[] expert;
        private final int[] slot;
        private final int[] counts;
        private final int[] choiceOf;

        Plan(int N, int K, int E) {
            this.N = N;
            this.K = K;
            this.E = E;
            S = Math.ceilDiv(N * K, E) + 1;
            expert = new int[N * K];
            slot = new int[N * K];
            counts = new int[E];
            choiceOf = new int[E * S];
            Arrays.fill(choiceOf, -1);
            for (int choice = 0; choice < N * K; choice++) {
                int e = (choice / K + choice % K) % E;
                boolean served = choice % 5 != 3 && counts[e] < S - 1;
                expert[choice] = e;
                slot[choice] = served ? counts[e] : -1;
                if (served) {
                    choiceOf[e * S + counts[e]++] = choice;
                }
            }
        }

        int[] starts() {
            int[] starts = new int[E];
            Arrays.setAll(starts, e -> e * S);
            return starts;
        }
    }

    private static void everyDirection(Workbench on, Plan plan, int C) {
        int N = plan.N;
        int R = plan.choiceOf.length;
        var routing = new Routing(
                on.integers("expert", plan.expert, N, plan.K),
                on.integers("slot", plan.slot, N, plan.K),
                on.input("weight", ElementType.F32, Role.ACTIVATION, 1, N, plan.K));
        var rows = new ExpertRows(
                on.integers("starts", plan.starts(), plan.E),
                on.integers("counts", plan.counts, plan.E),
                on.integers("choiceOf", plan.choiceOf, R));
        Tensor x = on.input("x", N, C);
        Tensor dy = on.input("dy", N, C);
        Tensor expertY = on.input("expertY", R, C);
        Tensor dExpertX = on.input("dExpertX", R, C);
        Tensor expertX = on.result("expertX", Tolerance.exact(), Role.ACTIVATION, i -> plan.choiceOf[i / C] >= 0, R, C);
        Tensor dx = on.result("dx", reduction(plan.K), N, C);
        Tensor y = on.result("y", reduction(plan.K), N, C);
        Tensor dExpertY =
                on.result("dExpertY", Tolerance.roundings(1), Role.ACTIVATION, i -> plan.choiceOf[i / C] >= 0, R, C);
        Tensor dWeight = on.statistic("dWeight", reduction(C), N, plan.K);
        var kernel = on.kernels().dispatch();
        kernel.scatter(expertX, x, routing, rows);
        kernel.scatterBackward(dx, dExpertX, routing, rows);
        kernel.gather(y, expertY, routing, rows);
        kernel.gatherBackward(dExpertY, dWeight, dy, expertY, routing, rows);
    }

    @Test
    void rowsThatNobodyOwnsAreZero() {
        int C = 20;
        var plan = new Plan(7, 2, 3);
        try (Backend backend = ShimBackend.open();
                Region region = backend.region("rows")) {
            int R = plan.choiceOf.length;
            var routing = new Routing(
                    integers(backend, region, "expert", plan.expert, plan.N, plan.K),
                    integers(backend, region, "slot", plan.slot, plan.N, plan.K),
                    floats(backend, region, "weight", 1, plan.N, plan.K));
            var rows = new ExpertRows(
                    integers(backend, region, "starts", plan.starts(), plan.E),
                    integers(backend, region, "counts", plan.counts, plan.E),
                    integers(backend, region, "choiceOf", plan.choiceOf, R));
            Tensor ones = floats(backend, region, "ones", 1, plan.N, C);
            Tensor expertX = floats(backend, region, "expertX", Float.NaN, R, C);
            Tensor expertY = floats(backend, region, "expertY", Float.NaN, R, C);
            Tensor dWeight = floats(backend, region, "dWeight", Float.NaN, plan.N, plan.K);
            backend.kernels().dispatch().scatter(expertX, ones, routing, rows);
            backend.kernels().dispatch().gatherBackward(expertY, dWeight, ones, expertX, routing, rows);
            float[] wanted = new float[R * C];
            for (int i = 0; i < wanted.length; i++) {
                wanted[i] = plan.choiceOf[i / C] < 0 ? 0 : 1;
            }
            assertThat(backend.floats(expertX)).isEqualTo(wanted);
            assertThat(backend.floats(expertY)).isEqualTo(wanted);
        }
    }

    @ParameterizedTest(name = "expert {0}, slot {1}, start {2}, count {3}: {4}")
    @CsvSource({
        "2, 0, 0, 2, routing.expert must be in 0..1",
        "1, 2, 0, 2, routing.slot must be in 0..1",
        "1, 0, 3, 2, rows.starts must be in 0..2",
        "1, 0, 0, 5, rows.counts must be in 0..4"
    })
    void whatLiesJustOutsideIsRefusedByName(int expert, int slot, int start, int count, String words) {
        try (Backend backend = ShimBackend.open();
                Region region = backend.region("rows")) {
            var routing = new Routing(
                    integers(backend, region, "expert", new int[] {expert}, 1, 1),
                    integers(backend, region, "slot", new int[] {slot}, 1, 1),
                    floats(backend, region, "weight", 1, 1, 1));
            var rows = new ExpertRows(
                    integers(backend, region, "starts", new int[] {0, start}, 2),
                    integers(backend, region, "counts", new int[] {0, count}, 2),
                    integers(backend, region, "choiceOf", new int[4], 4));
            Tensor tokens = floats(backend, region, "tokens", 1, 1, 8);
            Tensor buffer = floats(backend, region, "buffer", 1, 4, 8);
            Tensor dWeight = floats(backend, region, "dWeight", 1, 1, 1);
            var dispatch = backend.kernels().dispatch();
            dispatch.scatter(buffer, tokens, routing, rows);
            assertThatThrownBy(backend::synchronize).hasMessageContaining(words);
            dispatch.gather(tokens, buffer, routing, rows);
            assertThatThrownBy(backend::synchronize).hasMessageContaining(words);
            dispatch.gatherBackward(buffer, dWeight, tokens, buffer, routing, rows);
            assertThatThrownBy(backend::synchronize).hasMessageContaining(words);
        }
    }

    private static Tensor integers(Backend backend, Region region, String name, int[] values, int... extents) {
        Tensor tensor = region.integers(name, extents);
        backend.upload(tensor, values);
        return tensor;
    }

    private static Tensor floats(Backend backend, Region region, String name, float value, int... extents) {
        Tensor tensor = region.floats(name, Role.ACTIVATION, extents);
        float[] values = new float[(int) tensor.shape().elements()];
        Arrays.fill(values, value);
        backend.upload(tensor, values);
        return tensor;
    }
}
