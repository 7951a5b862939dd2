package dev.tandem.testkit.contract;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Region;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertLoad;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.GateOptions;
import dev.tandem.engine.kernel.Routing;
import dev.tandem.testkit.ReferenceBackend;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/// A routing as the reference's gate makes it of random logits, on the host, to be given to any
/// backend.
final class HostRouting {
    private final int N;
    private final int K;
    private final int E;
    private final int[] expert;
    private final int[] slot;
    private final float[] weight;
    private final int[] starts;
    private final int[] counts;
    private final int[] choiceOf;
    private final boolean padded;

    private HostRouting(Backend oracle, Routing routing, ExpertRows rows, int N, int K, int E) {
        padded = rows.padded();
        this.N = N;
        this.K = K;
        this.E = E;
        expert = oracle.integers(routing.expert());
        slot = oracle.integers(routing.slot());
        weight = oracle.floats(routing.weight());
        starts = oracle.integers(rows.starts());
        counts = oracle.integers(rows.counts());
        choiceOf = oracle.integers(rows.choiceOf());
    }

    /// Routes N tokens; some experts are crowded, so that choices are dropped, and others may be
    /// idle.
    static HostRouting of(int N, int E, GateOptions options, long seed) {
        try (Backend oracle = ReferenceBackend.open();
                Region region = oracle.region("routing")) {
            int K = options.K();
            var routing = new Routing(
                    region.integers("expert", N, K),
                    region.integers("slot", N, K),
                    region.floats("weight", Role.ACTIVATION, N, K));
            var rows = new ExpertRows(
                    region.integers("starts", E),
                    region.integers("counts", E),
                    region.integers("choiceOf", options.rows(N, E)),
                    !options.compact());
            var load = new ExpertLoad(
                    region.integers("queued", K, E),
                    region.integers("dropped", K, E),
                    region.floats("entropy", Role.ACTIVATION, 1));
            Tensor logits = region.floats("logits", Role.ACTIVATION, N, E);
            Tensor probabilities = region.floats("probabilities", Role.ACTIVATION, N, E);
            Tensor balance = region.floats("balance", Role.ACTIVATION, 1);
            oracle.kernels().fill().normal(logits, 0, 1, seed, 0);
            for (int n = 0; n < N; n++) {
                ReferenceBackend.set(logits, n * E, ReferenceBackend.get(logits, n * E) + 1.5);
                ReferenceBackend.set(logits, n * E + E - 1, ReferenceBackend.get(logits, n * E + E - 1) - 9);
            }
            oracle.kernels()
                    .gate()
                    .forward(
                            routing,
                            rows,
                            load,
                            balance,
                            probabilities,
                            logits,
                            Optional.empty(),
                            Optional.empty(),
                            options);
            return new HostRouting(oracle, routing, rows, N, K, E);
        }
    }

    int N() {
        return N;
    }

    int K() {
        return K;
    }

    int E() {
        return E;
    }

    /// Rows R of the expert buffers.
    int R() {
        return choiceOf.length;
    }

    /// The largest number of rows of one expert.
    int largestCount() {
        return IntStream.of(counts).max().orElse(0);
    }

    /// Whether element i of a buffer `[R, columns]` lies in a row that an expert owns.
    IntPredicate owned(int columns) {
        boolean[] owned = new boolean[R()];
        for (int e = 0; e < E; e++) {
            for (int r = starts[e]; r < starts[e] + counts[e]; r++) {
                owned[r] = true;
            }
        }
        return i -> owned[i / columns];
    }

    Routing routing(Workbench on) {
        return new Routing(
                on.integers("expert", expert, N, K),
                on.integers("slot", slot, N, K),
                on.input("weight", ElementType.F32, Role.ACTIVATION, weight, N, K));
    }

    ExpertRows rows(Workbench on) {
        return new ExpertRows(
                on.integers("starts", starts, E),
                on.integers("counts", counts, E),
                on.integers("choiceOf", choiceOf, R()),
                padded);
    }

    /// A random buffer `[R, columns]`, NaN in the rows that nobody owns: no result may depend on
    /// them.
    Tensor buffer(Workbench on, String name, int columns) {
        var random = on.random(name);
        IntPredicate owned = owned(columns);
        float[] values = new float[R() * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = owned.test(i) ? (float) random.nextGaussian() : Float.NaN;
        }
        return on.input(name, Role.ACTIVATION, values, R(), columns);
    }
}
