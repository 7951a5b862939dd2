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
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// How work is divided must not change what it does.
final class CpuDispatchTest {
    private static final int C = 1024;
    private static final int K = 2;
    private static final int E = 7;
    private static final int THREADS = 3;
    private static final int UNOWNED = 5; // rows between experts

    @ParameterizedTest(name = "{0} tokens, caches that hold {1} bytes")
    @CsvSource({"1, 0", "100, 0", "100, 1000000000", "101, 1000000000"})
    void everyTokenStandsInItsRows(int N, long cached) {
        try (var problem = new Problem(N, new int[] {0, 1, 2, 3, 4, 5, 6})) {
            Tensor x = problem.region.floats("x", Role.ACTIVATION, N, C);
            problem.backend.kernels().fill().normal(x, 0, 1, 17, 0);
            Tensor expertX = problem.region.floats("expertX", Role.ACTIVATION, problem.R, C);
            new CpuDispatch(problem.workers, cached).scatter(expertX, x, problem.routing, problem.rows);
            float[] tokens = problem.backend.floats(x);
            float[] moved = problem.backend.floats(expertX);
            for (int choice = 0; choice < N * K; choice++) {
                int row = problem.row(choice) * C;
                int token = choice / K * C;
                assertThat(Arrays.equals(moved, row, row + C, tokens, token, token + C))
                        .as("row of choice %d", choice)
                        .isTrue();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("orders")
    void everyChoiceGetsItsGradient(int[] order) {
        try (var problem = new Problem(100, order, choice -> choice % 11 != 3);
                var alone = new Workers(1, false)) {
            float[][] gradients = problem.gradients(problem.workers);
            assertThat(gradients).isDeepEqualTo(problem.gradients(alone));
            for (int choice = 0; choice < 100 * K; choice++) {
                assertThat(gradients[0][choice] == 0)
                        .as("no gradient of choice %d", choice)
                        .isEqualTo(choice % 11 == 3);
            }
        }
    }

    /// Of the experts in the buffer.
    static int[][] orders() {
        return new int[][] {{0, 1, 2, 3, 4, 5, 6}, {4, 6, 0, 5, 1, 3, 2}};
    }

    @Test
    void partsHoldAsManyRowsEach() {
        try (var problem = new Problem(90, new int[] {0, 1, 2, 3, 4, 5, 6})) {
            int[] first = problem.firstOfParts();
            for (int part = 0; part < THREADS; part++) {
                int from = first[part];
                int to = first[part + 1];
                assertThat(problem.ownedRows().filter(row -> row >= from && row < to))
                        .as("rows %d to %d", from, to)
                        .hasSize(90 * K / THREADS);
            }
        }
    }

    /// Experts in any order.
    @Test
    void noRowIsOutsideAllParts() {
        try (var problem = new Problem(90, new int[] {4, 6, 0, 5, 1, 3, 2})) {
            int[] first = problem.firstOfParts();
            assertThat(problem.ownedRows())
                    .allMatch(row ->
                            IntStream.range(0, THREADS).anyMatch(part -> row >= first[part] && row < first[part + 1]));
        }
    }

    /// Tokens and the rows of their choices.
    private static final class Problem implements AutoCloseable {
        private final Workers workers = new Workers(THREADS, false);
        private final Backend backend = RequiredBackend.open(CpuDevice.NAME, new BackendOptions(1));
        private final Region region = backend.region("rows");
        private final int N;
        private final int R;
        private final int[] expert;
        private final int[] slot;
        private final int[] starts = new int[E];
        private final Routing routing;
        private final ExpertRows rows;

        /// All choices are served.
        Problem(int N, int[] order) {
            this(N, order, _ -> true);
        }

        /// @param order of the experts in the buffer
        /// @param served which choices are
        Problem(int N, int[] order, IntPredicate served) {
            this.N = N;
            R = N * K + E * UNOWNED;
            expert = IntStream.range(0, N * K)
                    .map(choice -> (choice / K * 3 + choice % K * 2) % E)
                    .toArray();
            int[] counts = new int[E];
            slot = IntStream.range(0, N * K)
                    .map(choice -> served.test(choice) ? counts[expert[choice]]++ : ChoiceRows.UNSERVED)
                    .toArray();
            int next = 0;
            for (int e : order) {
                starts[e] = next;
                next += counts[e] + UNOWNED;
            }
            routing = new Routing(
                    integers("expert", expert, N, K),
                    integers("slot", slot, N, K),
                    region.floats("weight", Role.ACTIVATION, N, K));
            rows = new ExpertRows(
                    integers("starts", starts, E), integers("counts", counts, E), region.integers("choiceOf", R));
        }

        int row(int choice) {
            return starts[expert[choice]] + slot[choice];
        }

        IntStream ownedRows() {
            return IntStream.range(0, N * K).map(this::row);
        }

        /// Of choices and of expert rows.
        float[][] gradients(Workers workers) {
            try (Region region = backend.region("gradients")) {
                Tensor dy = region.floats("dy", Role.ACTIVATION, N, C);
                Tensor expertY = region.floats("expertY", Role.ACTIVATION, R, C);
                Tensor dExpertY = region.floats("dExpertY", Role.ACTIVATION, R, C);
                Tensor dWeight = region.floats("dWeight", Role.ACTIVATION, N, K);
                backend.kernels().fill().normal(dy, 0, 1, 17, 0);
                backend.kernels().fill().normal(expertY, 0, 1, 17, 1);
                backend.kernels().fill().normal(routing.weight(), 0, 1, 17, 2);
                backend.kernels().fill().constant(dExpertY, Float.MAX_VALUE);
                backend.kernels().fill().constant(dWeight, Float.MAX_VALUE);
                new CpuDispatch(workers, 0).gatherBackward(dExpertY, dWeight, dy, expertY, routing, rows);
                return new float[][] {backend.floats(dWeight), backend.floats(dExpertY)};
            }
        }

        int[] firstOfParts() {
            var found = new ChoiceRows(workers);
            found.find(routing, rows);
            return IntStream.rangeClosed(0, THREADS)
                    .map(part -> found.firstOfPart(part, THREADS))
                    .toArray();
        }

        private Tensor integers(String name, int[] values, int... extents) {
            Tensor tensor = region.integers(name, extents);
            backend.upload(tensor, values);
            return tensor;
        }

        @Override
        public void close() {
            region.close();
            backend.close();
            workers.close();
        }
    }
}
