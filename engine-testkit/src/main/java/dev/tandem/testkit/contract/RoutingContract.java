package dev.tandem.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Region;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Capacity;
import dev.tandem.engine.kernel.ExpertLoad;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.GateOptions;
import dev.tandem.engine.kernel.Routing;
import dev.tandem.engine.kernel.SecondPolicy;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// What holds of every routing, whatever the logits: properties of gate and dispatch together, on seeded random
/// input. [GateContract] says which routing it is.
public abstract class RoutingContract {
    private static final int ROUNDS = 300;
    private static final int C = 3;
    // Sums of a few products of F32 values.
    private static final double ROUNDING = 1e-5;

    /// Opens the backend under test.
    protected abstract Backend open();

    @Test
    void everyRoutingKeepsTheRules() {
        try (Backend backend = open()) {
            for (int round = 0; round < ROUNDS; round++) {
                var random = RandomGeneratorFactory.of("SplittableRandom").create(round);
                try (Region region = backend.region("routing")) {
                    new Routed(backend, region, random).check("round " + round);
                }
            }
        }
    }

    private static final class Routed {
        private final Backend backend;
        private final Region region;
        private final RandomGenerator random;
        private final GateOptions options;
        private final int N;
        private final int E;
        private final int K;
        private final int S;
        private final Routing routing;
        private final ExpertRows rows;
        private final ExpertLoad load;
        private final int[] expert;
        private final int[] slot;
        private final float[] weight;
        private final int[] counts;

        Routed(Backend backend, Region region, RandomGenerator random) {
            this.backend = backend;
            this.region = region;
            this.random = random;
            N = 1 + random.nextInt(70);
            E = 3 + random.nextInt(9);
            options = options(random);
            K = options.K();
            S = options.capacity().slots(N, E);
            routing = new Routing(
                    region.integers("expert", N, K),
                    region.integers("slot", N, K),
                    region.floats("weight", Role.ACTIVATION, N, K));
            rows = new ExpertRows(
                    region.integers("starts", E),
                    region.integers("counts", E),
                    region.integers("choiceOf", options.rows(N, E)));
            load = new ExpertLoad(
                    region.integers("queued", K, E),
                    region.integers("dropped", K, E),
                    region.floats("entropy", Role.ACTIVATION, 1));
            route();
            expert = backend.integers(routing.expert());
            slot = backend.integers(routing.slot());
            weight = backend.floats(routing.weight());
            counts = backend.integers(rows.counts());
        }

        private static GateOptions options(RandomGenerator random) {
            int K = 1 + random.nextInt(3);
            SecondPolicy[] policies = SecondPolicy.values();
            SecondPolicy policy = K == 2 ? policies[random.nextInt(policies.length)] : SecondPolicy.ALL;
            Capacity[] capacities = {
                new Capacity.Training(0.5 + random.nextDouble()), new Capacity.Fraction(0.2), new Capacity.Dropless()
            };
            Capacity capacity = capacities[random.nextInt(capacities.length)];
            return new GateOptions(
                    K, policy, random.nextBoolean(), random.nextBoolean(), capacity, random.nextBoolean());
        }

        private void route() {
            Tensor logits = values("logits", N, E);
            Optional<Tensor> noise = switch (options.secondPolicy()) {
                case ALL -> Optional.empty();
                case SAMPLING -> Optional.of(values("noise", N, E));
                case RANDOM -> Optional.of(values("noise", N));
            };
            Tensor probabilities = region.floats("probabilities", Role.ACTIVATION, N, E);
            Tensor balance = region.floats("balance", Role.ACTIVATION, 1);
            backend.kernels()
                    .gate()
                    .forward(routing, rows, load, balance, probabilities, logits, Optional.empty(), noise, options);
        }

        private Tensor values(String name, int... extents) {
            Tensor tensor = region.floats(name, Role.ACTIVATION, extents);
            float[] values = new float[Math.toIntExact(tensor.shape().elements())];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) random.nextGaussian();
            }
            backend.upload(tensor, values);
            return tensor;
        }

        void check(String round) {
            String what = "%s, N=%d E=%d %s".formatted(round, N, E, options);
            slotsAreGivenOnceAndInOrder(what);
            onlyFullExpertsDrop(what);
            firstChoicesComeFirst(what);
            weightsSumToOneOrLess(what);
            scatterAndGatherAreAdjointToTheirBackwards(what);
        }

        private void slotsAreGivenOnceAndInOrder(String what) {
            Set<List<Integer>> taken = new HashSet<>();
            for (int n = 0; n < N; n++) {
                Set<Integer> experts = new HashSet<>();
                for (int i = n * K; i < (n + 1) * K; i++) {
                    assertThat(expert[i]).as(what).isBetween(0, E - 1);
                    assertThat(experts.add(expert[i]))
                            .as("%s: token %d chose an expert twice", what, n)
                            .isTrue();
                    if (slot[i] >= 0) {
                        assertThat(slot[i]).as(what).isLessThan(S);
                        assertThat(taken.add(List.of(expert[i], slot[i])))
                                .as("%s: slot %d of expert %d was given twice", what, slot[i], expert[i])
                                .isTrue();
                    }
                }
            }
            for (int e = 0; e < E; e++) {
                for (int s = 0; s < counts[e]; s++) {
                    assertThat(taken).as(what).contains(List.of(e, s));
                }
            }
            assertThat(taken).as(what).hasSize(IntStream.of(counts).sum());
        }

        private void onlyFullExpertsDrop(String what) {
            int[] queued = backend.integers(load.queued());
            int[] dropped = backend.integers(load.dropped());
            for (int e = 0; e < E; e++) {
                int kept = 0;
                for (int k = 0; k < K; k++) {
                    kept += queued[k * E + e] - dropped[k * E + e];
                    if (dropped[k * E + e] > 0) {
                        assertThat(counts[e])
                                .as("%s: expert %d dropped, but is not full", what, e)
                                .isEqualTo(S);
                    }
                }
                assertThat(counts[e]).as(what).isEqualTo(kept);
            }
            for (int i = 0; i < slot.length && options.secondPolicy() != SecondPolicy.RANDOM; i++) {
                if (slot[i] < 0) {
                    assertThat(counts[expert[i]]).as(what).isEqualTo(S);
                }
            }
        }

        private void firstChoicesComeFirst(String what) {
            int[] lastSlot = new int[K * E];
            for (int k = 0; k < K; k++) {
                for (int n = 0; n < N; n++) {
                    int i = n * K + k;
                    for (int later = k + 1; later < K && slot[i] >= 0; later++) {
                        lastSlot[later * E + expert[i]] = Math.max(lastSlot[later * E + expert[i]], slot[i] + 1);
                    }
                }
            }
            for (int i = 0; i < slot.length; i++) {
                if (slot[i] >= 0) {
                    assertThat(slot[i])
                            .as("%s: choice %d was served before an earlier one", what, i)
                            .isGreaterThanOrEqualTo(lastSlot[i % K * E + expert[i]]);
                }
            }
        }

        private void weightsSumToOneOrLess(String what) {
            for (int n = 0; n < N; n++) {
                double sum = 0;
                int kept = 0;
                for (int i = n * K; i < (n + 1) * K; i++) {
                    assertThat(weight[i]).as(what).isBetween(0f, 1f);
                    assertThat(weight[i] > 0).as(what).isEqualTo(slot[i] >= 0);
                    sum += weight[i];
                    kept += slot[i] >= 0 ? 1 : 0;
                }
                if (K > 1 && (kept == K || !options.normalizeBeforeDropping())) {
                    assertThat(sum).as("%s: token %d", what, n).isCloseTo(kept == 0 ? 0 : 1, within(ROUNDING));
                }
                assertThat(sum).as(what).isLessThan(1 + ROUNDING);
            }
        }

        /// `<A x, u> = <x, Aᵀ u>` for both, over the rows that have an owner.
        private void scatterAndGatherAreAdjointToTheirBackwards(String what) {
            int R = options.rows(N, E);
            Tensor x = values("x", N, C);
            Tensor u = values("u", R, C);
            Tensor scattered = values("scattered", R, C);
            Tensor back = values("back", N, C);
            var dispatch = backend.kernels().dispatch();
            dispatch.scatter(scattered, x, routing, rows);
            dispatch.scatterBackward(back, u, routing, rows);
            assertThat(product(back, x, false))
                    .as(what)
                    .isCloseTo(product(scattered, u, true), within(ROUNDING * R * C));

            Tensor gathered = values("gathered", N, C);
            Tensor dRows = values("dRows", R, C);
            Tensor dWeight = region.floats("dWeight", Role.ACTIVATION, N, K);
            dispatch.gather(gathered, u, routing, rows);
            dispatch.gatherBackward(dRows, dWeight, x, u, routing, rows);
            assertThat(product(gathered, x, false))
                    .as(what)
                    .isCloseTo(product(dRows, u, true), within(ROUNDING * R * C));
        }

        private double product(Tensor a, Tensor b, boolean ownedOnly) {
            float[] left = backend.floats(a);
            float[] right = backend.floats(b);
            int[] owner = backend.integers(rows.choiceOf());
            double sum = 0;
            for (int i = 0; i < left.length; i++) {
                sum += ownedOnly && owner[i / C] < 0 ? 0 : (double) left[i] * right[i];
            }
            return sum;
        }
    }
}
