package dev.tandem.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import dev.tandem.testkit.ReferenceBackend;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// What every kernel of every backend has to keep, whatever it computes. A subclass gives the
/// trials.
///
/// [KernelTrials] hands the trials to programs that have no test library, so no contract may throw
/// or catch a type of one: the virtual machine looks such a type up when it loads the contract.
public abstract class KernelContract {
    static final int[] THREADS = {1, 2, 5};
    private static final int GARBAGE_ROUNDS = 12;

    /// Opens the backend under test.
    protected abstract Backend open();

    /// Opens the backend under test with a number of threads, where there is such a choice.
    protected Backend open(int threads) {
        return open();
    }

    /// Uses of the kernel in F32, the smallest first. Where the backend offers BF16, they are run in it too.
    protected abstract List<Trial> trials();

    /// Uses of the kernel that no more than multiply by their weights, which are run in every type of fewer
    /// bytes that the backend offers for them.
    protected List<Trial> weightTrials() {
        return List.of();
    }

    /// Operands of the first trial that may have any shape, or whose sabotage is legal otherwise.
    protected Set<Integer> tolerant(Sabotage.Kind kind) {
        return Set.of();
    }

    /// The tolerance of a result in trials of a type, for a backend that rounds more often than others do and
    /// says why.
    protected Tolerance allowed(Tolerance contracted, ElementType type) {
        return contracted;
    }

    @TestFactory
    Stream<DynamicTest> agreesWithTheReference() {
        return each(trial -> {
            try (Backend device = open()) {
                compare(judged(trial), outcomes(device, trial, false));
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> agreesInsideLargerTensorsAndWritesNothingAround() {
        return each(trial -> {
            try (Backend device = open()) {
                compare(judged(trial), outcomes(device, trial, true));
            }
        });
    }

    private List<Outcome> judged(Trial trial) {
        return wanted(trial).stream()
                .map(outcome -> outcome.judgedBy(tolerance -> allowed(tolerance, trial.type())))
                .toList();
    }

    @TestFactory
    Stream<DynamicTest> repeatsItsBits() {
        return each(trials().stream(), trial -> {
            try (Backend device = open()) {
                sameBits(outcomes(device, trial, false), outcomes(device, trial, false));
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> givesTheSameBitsWithAnyNumberOfThreads() {
        return each(trial -> {
            List<List<Outcome>> found = new ArrayList<>();
            for (int threads : THREADS) {
                try (Backend device = open(threads)) {
                    found.add(outcomes(device, trial, false));
                }
            }
            for (List<Outcome> outcomes : found) {
                sameBits(found.getFirst(), outcomes);
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> refusesEveryWrongOperand() {
        Trial trial = trials().getFirst();
        return Stream.of(
                        Sabotage.Kind.WIDER,
                        Sabotage.Kind.OTHER_TYPE,
                        Sabotage.Kind.FOREIGN,
                        Sabotage.Kind.CLOSED_REGION)
                .map(kind -> DynamicTest.dynamicTest(trial.name() + " " + kind, () -> {
                    int operands = inspect(trial, Workbench::allocated);
                    assertThat(operands).isPositive();
                    IntStream.range(0, operands)
                            .filter(i -> !tolerant(kind).contains(i))
                            .forEach(i -> refuses(trial, new Sabotage(kind, i)));
                }));
    }

    @TestFactory
    Stream<DynamicTest> refusesEveryOperandOfAnotherPrecision() {
        return inBf16().limit(1)
                .map(trial -> DynamicTest.dynamicTest(trial.name(), () -> {
                    List<Integer> floats = inspect(trial, Workbench::floatOperands);
                    assertThat(floats).isNotEmpty();
                    floats.stream()
                            .filter(i ->
                                    !tolerant(Sabotage.Kind.OTHER_PRECISION).contains(i))
                            .forEach(i -> refuses(trial, new Sabotage(Sabotage.Kind.OTHER_PRECISION, i)));
                }));
    }

    @TestFactory
    Stream<DynamicTest> refusesToRunOnAClosedBackend() {
        return Stream.of(trials().getFirst())
                .map(trial -> DynamicTest.dynamicTest(
                        trial.name(), () -> refuses(trial, new Sabotage(Sabotage.Kind.CLOSED_BACKEND, -1))));
    }

    @TestFactory
    Stream<DynamicTest> survivesGarbageIntegers() {
        Trial trial = trials().getFirst();
        return inspect(trial, Workbench::integerOperands).stream()
                .map(operand -> DynamicTest.dynamicTest(trial.name() + " operand " + operand, () -> {
                    for (int round = 0; round < GARBAGE_ROUNDS; round++) {
                        var spoiled = trial.seeded(trial.seed() + round);
                        survives(spoiled, new Sabotage(Sabotage.Kind.GARBAGE, operand));
                        survives(spoiled, new Sabotage(Sabotage.Kind.GARBAGE, -1));
                    }
                }));
    }

    /// The trials in BF16, none where the backend does not offer it.
    private Stream<Trial> inBf16() {
        try (Backend device = open()) {
            boolean offered = device.offers(ElementType.BF16);
            return offered ? trials().stream().map(trial -> trial.in(ElementType.BF16)) : Stream.empty();
        }
    }

    private Stream<Trial> withSmallerWeights() {
        List<ElementType> smaller = smallerWeights();
        return weightTrials().stream().flatMap(trial -> smaller.stream().map(trial::withWeights));
    }

    /// Types of fewer bytes that the backend offers for weights.
    final List<ElementType> smallerWeights() {
        try (Backend device = open()) {
            return Arrays.stream(ElementType.values())
                    .filter(device::offersWeights)
                    .toList();
        }
    }

    /// A dynamic test for each trial, in every type that the backend offers.
    private Stream<DynamicTest> each(Consumer<Trial> test) {
        return each(Stream.of(trials().stream(), inBf16(), withSmallerWeights()).flatMap(every -> every), test);
    }

    private static Stream<DynamicTest> each(Stream<Trial> trials, Consumer<Trial> test) {
        return trials.map(trial -> DynamicTest.dynamicTest(trial.name(), () -> test.accept(trial)));
    }

    /// Runs a trial and gives its results.
    static List<Outcome> outcomes(Backend device, Trial trial, boolean guarded) {
        try (var workbench = new Workbench(device, trial, guarded, Sabotage.NONE)) {
            trial.run().accept(workbench);
            device.synchronize();
            assertThat(workbench.trampled())
                    .as("tensors written outside their slice")
                    .isEmpty();
            return workbench.outcomes();
        }
    }

    /// What the reference gives for a trial.
    static List<Outcome> wanted(Trial trial) {
        try (Backend oracle = ReferenceBackend.open()) {
            return outcomes(oracle, trial, false);
        }
    }

    static void compare(List<Outcome> wanted, List<Outcome> found) {
        assertThat(wanted).as("results to compare").isNotEmpty();
        for (int i = 0; i < wanted.size(); i++) {
            wanted.get(i).assertClose(found.get(i));
        }
    }

    static void sameBits(List<Outcome> first, List<Outcome> second) {
        for (int i = 0; i < first.size(); i++) {
            first.get(i).assertSameBits(second.get(i));
        }
    }

    private <T> T inspect(Trial trial, Function<Workbench, T> question) {
        try (Backend device = open();
                var workbench = new Workbench(device, trial, false, Sabotage.NONE)) {
            trial.run().accept(workbench);
            return question.apply(workbench);
        }
    }

    /// The call must be refused in words, and the backend must go on working.
    private void refuses(Trial trial, Sabotage sabotage) {
        try (Backend device = open()) {
            try (var workbench = new Workbench(device, trial, false, sabotage)) {
                trial.run().accept(workbench);
            } catch (IllegalArgumentException e) {
                assertThat(e).hasMessageContaining(":");
                assertThat(sabotage.kind()).isNotEqualTo(Sabotage.Kind.CLOSED_REGION);
                return;
            } catch (IllegalStateException e) {
                assertThat(e).hasMessageContaining("closed");
                assertThat(sabotage.kind()).isIn(Sabotage.Kind.CLOSED_REGION, Sabotage.Kind.CLOSED_BACKEND);
                return;
            }
        }
        throw new AssertionError("%s was accepted for operand %d".formatted(sabotage.kind(), sabotage.operand()));
    }

    /// The call may succeed or be refused, and the backend must go on working.
    private void survives(Trial trial, Sabotage sabotage) {
        try (Backend device = open();
                var workbench = new Workbench(device, trial, false, sabotage)) {
            try {
                trial.run().accept(workbench);
                device.synchronize();
            } catch (IllegalArgumentException e) {
                assertThat(e.getMessage()).isNotBlank();
            }
            device.synchronize();
        }
    }
}
