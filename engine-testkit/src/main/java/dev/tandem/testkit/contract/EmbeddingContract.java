package dev.tandem.testkit.contract;

import static dev.tandem.testkit.contract.Tolerance.reduction;
import static dev.tandem.testkit.contract.Tolerance.roundings;

import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Embedding;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// What [Embedding] has to keep.
public abstract class EmbeddingContract extends KernelContract {
    private static final int P = 80;
    private static final int DY = 3;

    @Override
    protected List<Trial> trials() {
        return cases();
    }

    /// The gradient is an operand of a second call, which may be one in F32.
    @Override
    protected Set<Integer> tolerant(Sabotage.Kind kind) {
        return kind == Sabotage.Kind.OTHER_PRECISION ? Set.of(DY) : Set.of();
    }

    static List<Trial> cases() {
        return List.of(
                Trial.of("B=2 T=5 C=7", on -> learned(on, 2, 5, 7, 11, -1)),
                Trial.of("padding id 1", on -> learned(on, 3, 12, 20, 9, 1)),
                Trial.of("padding id 0, C prime", on -> learned(on, 4, 33, 131, 6, 0)),
                Trial.of("many tokens, few ids", on -> learned(on, 20, 70, 64, 5, -1)),
                Trial.of("one token", on -> learned(on, 1, 1, 4, 3, -1)),
                Trial.of("positions not learned", EmbeddingContract::fixed),
                Trial.of("sinusoids", on -> sinusoids(on, 2047, 10, -1)),
                Trial.of("sinusoids, odd width, padding", on -> sinusoids(on, 33, 77, 3)));
    }

    private static void learned(Workbench on, int B, int T, int C, int V, int padding) {
        Tensor ids = on.integers("ids", ids(on, B * T, V), B, T);
        Tensor table = on.input("table", Role.WEIGHT, 1, V, C);
        Tensor positions = on.input("positions", Role.STATE, 1, P, C);
        Tensor dy = on.input("dy", B, T, C);
        Tensor y = on.result("y", reduction(1), B, T, C);
        Tensor later = on.result("y from position 4", reduction(1), B, T, C);
        Tensor dTable = on.accumulated("dTable", reduction(B * T), Role.WEIGHT, V, C);
        Tensor dPositions = on.accumulated("dPositions", reduction(B), Role.STATE, P, C);
        Embedding kernel = on.kernels().embedding();
        kernel.forward(y, ids, table, positions, 2.5f, padding, 0);
        kernel.forward(later, ids, table, positions, 1, padding, 4);
        kernel.backward(dTable, Optional.of(dPositions), dy, ids, 2.5f, padding);
    }

    private static int[] ids(Workbench on, int count, int V) {
        return on.random("ids").ints(count, 0, V).toArray();
    }

    private static void fixed(Workbench on) {
        Tensor ids = on.integers("ids", ids(on, 60, 9), 3, 20);
        Tensor dy = on.input("dy", 3, 20, 18);
        Tensor dTable = on.accumulated("dTable", reduction(20), Role.WEIGHT, 9, 18);
        on.kernels().embedding().backward(dTable, Optional.empty(), dy, ids, 1, -1);
    }

    private static void sinusoids(Workbench on, int rows, int C, int padding) {
        // angles in double precision, the result rounded once; 1e-3 lies on the scale of the largest, 1
        Tensor positions = on.statistic("positions", reduction(1), rows, C);
        on.kernels().embedding().sinusoidal(positions, padding);
    }

    @Test
    void idsOutsideTheTableAreRefused() {
        for (int id : new int[] {-1, 7, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
            Refusal.of(this::open, on -> {
                Tensor ids = on.integers("ids", new int[] {0, id}, 1, 2);
                Tensor table = on.input("table", Role.WEIGHT, 1, 7, 8);
                Tensor positions = on.input("positions", 4, 8);
                Tensor y = on.result("y", roundings(1), 1, 2, 8);
                on.kernels().embedding().forward(y, ids, table, positions, 1, -1, 0);
            });
            Refusal.of(this::open, on -> {
                Tensor ids = on.integers("ids", new int[] {0, id}, 1, 2);
                Tensor dTable = on.input("dTable", Role.WEIGHT, 1, 7, 8);
                Tensor dy = on.input("dy", 1, 2, 8);
                on.kernels().embedding().backward(dTable, Optional.empty(), dy, ids, 1, -1);
            });
        }
    }

    @Test
    void positionsBehindTheTableAreRefused() {
        for (int start : new int[] {3, Integer.MAX_VALUE}) {
            Refusal.of(this::open, on -> {
                Tensor ids = on.integers("ids", new int[] {0, 1}, 1, 2);
                Tensor table = on.input("table", Role.WEIGHT, 1, 7, 8);
                Tensor positions = on.input("positions", 4, 8);
                Tensor y = on.result("y", roundings(1), 1, 2, 8);
                on.kernels().embedding().forward(y, ids, table, positions, 1, -1, start);
            });
        }
        Refusal.of(this::open, on -> {
            Tensor ids = on.integers("ids", new int[] {0, 1, 2, 2, 2}, 1, 5);
            Tensor dTable = on.input("dTable", Role.WEIGHT, 1, 7, 8);
            Tensor dPositions = on.input("dPositions", 4, 8);
            Tensor dy = on.input("dy", 1, 5, 8);
            on.kernels().embedding().backward(dTable, Optional.of(dPositions), dy, ids, 1, -1);
        });
    }
}
