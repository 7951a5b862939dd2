package dev.tandem.testkit.contract;

import static dev.tandem.testkit.contract.Tolerance.reduction;

import dev.tandem.engine.ElementType;
import dev.tandem.engine.Kernels;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Capacity;
import dev.tandem.engine.kernel.ExpertLoad;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.Gate;
import dev.tandem.engine.kernel.GateOptions;
import dev.tandem.engine.kernel.Routing;
import dev.tandem.engine.kernel.SecondPolicy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// What [Gate] has to keep. Integers are compared exactly.
public abstract class GateContract extends KernelContract {
    private static final int DLOGITS = 14;
    private static final int X_OF_PRODUCT = 27;
    private static final int C = 37;

    @Override
    protected List<Trial> trials() {
        return cases();
    }

    /// The gradient may have either precision, and tokens in F32 may be multiplied by smaller weights.
    @Override
    protected Set<Integer> tolerant(Sabotage.Kind kind) {
        return kind == Sabotage.Kind.OTHER_PRECISION ? Set.of(DLOGITS, X_OF_PRODUCT) : Set.of();
    }

    static List<Trial> cases() {
        List<Trial> trials = new ArrayList<>();
        var plain = options(SecondPolicy.ALL, false, false, false);
        trials.add(Trial.of("all ways, padding tokens", on -> allWays(on, 7, 3, plain)));
        trials.add(ofProduct(1, 2));
        trials.add(ofProduct(67, 5));
        trials.add(ofProduct(300, 40));
        for (SecondPolicy policy : SecondPolicy.values()) {
            for (boolean before : new boolean[] {false, true}) {
                for (boolean prioritized : new boolean[] {false, true}) {
                    GateOptions options = options(policy, before, prioritized, before ^ prioritized);
                    trials.add(trial("", 67, 5, options, 0, prioritized));
                    trials.add(trial("", 40, 16, options, 0, before));
                }
            }
        }
        trials.add(trial("ties", 100, 6, plain, 0.5, false));
        trials.add(trial("ties", 90, 17, options(SecondPolicy.ALL, true, false, true), 0.5, true));
        trials.add(trial("one token", 1, 2, plain, 0, false));
        trials.add(trial("more experts than tokens", 9, 130, options(SecondPolicy.ALL, false, false, true), 0, false));
        trials.add(trial("large", 2048, 16, plain, 0, false));
        for (int K : new int[] {1, 3}) {
            for (Capacity capacity :
                    List.of(new Capacity.Dropless(), new Capacity.Fraction(0.2), new Capacity.Training(1))) {
                var options = new GateOptions(K, SecondPolicy.ALL, K == 3, false, capacity, true);
                trials.add(trial("", 61, 7, options, 0, false));
            }
        }
        return trials;
    }

    private static GateOptions options(SecondPolicy policy, boolean before, boolean prioritized, boolean compact) {
        return new GateOptions(2, policy, before, prioritized, new Capacity.Training(1.1), compact);
    }

    private static Trial trial(String what, int N, int E, GateOptions options, double step, boolean padded) {
        String name = "%s N=%d E=%d %s%s".formatted(what, N, E, options, padded ? ", padding" : "");
        return Trial.of(name, on -> {
            GateInputs inputs = GateInputs.random(N, E, options, step, padded, name.hashCode());
            both(on, N, E, options, inputs, false);
        });
    }

    private static Trial ofProduct(int N, int E) {
        return Trial.of(
                "logits of a product, N=%d E=%d".formatted(N, E),
                on -> Product.of(on, N, E, options(SecondPolicy.ALL, false, false, true))
                        .forward(on.kernels().gate()));
    }

    private static void allWays(Workbench on, int N, int E, GateOptions options) {
        GateInputs inputs = GateInputs.random(N, E, options, 0, true, 1);
        both(on, N, E, options, inputs, true);
    }

    /// What a forward writes.
    private record Outputs(
            Routing routing, ExpertRows rows, ExpertLoad load, Tensor balanceLoss, Tensor probabilities) {
        static Outputs of(Workbench on, int N, int E, GateOptions options) {
            int K = options.K();
            var routing = new Routing(
                    on.integerResult("expert", N, K),
                    on.integerResult("slot", N, K),
                    on.statistic("weight", reduction(E), N, K));
            var rows = new ExpertRows(
                    on.integerResult("starts", E),
                    on.integerResult("counts", E),
                    on.integerResult("choiceOf", options.rows(N, E)));
            var load = new ExpertLoad(
                    on.integerResult("queued", K, E),
                    on.integerResult("dropped", K, E),
                    on.statistic("entropy", reduction(E), 1));
            return new Outputs(
                    routing,
                    rows,
                    load,
                    on.statistic("balanceLoss", reduction(N), 1),
                    on.statistic("probabilities", reduction(E), N, E));
        }

        void forward(
                Gate kernel, Tensor logits, Optional<Tensor> padding, Optional<Tensor> noise, GateOptions options) {
            kernel.forward(routing, rows, load, balanceLoss, probabilities, logits, padding, noise, options);
        }

        void forwardLinear(
                Gate kernel,
                Tensor logits,
                Tensor x,
                Optional<Tensor> padding,
                Tensor gateWeight,
                Optional<Tensor> gateBias,
                GateOptions options) {
            kernel.forwardLinear(
                    routing,
                    rows,
                    load,
                    balanceLoss,
                    probabilities,
                    logits,
                    x,
                    padding,
                    Optional.empty(),
                    gateWeight,
                    gateBias,
                    options);
        }
    }

    /// A gate whose logits are sums without any rounding, so that every backend chooses alike.
    private record Product(
            Outputs outputs, Tensor logits, Tensor x, Tensor gateWeight, Tensor gateBias, GateOptions options) {
        static Product of(Workbench on, int N, int E, GateOptions options) {
            return new Product(
                    Outputs.of(on, N, E, options),
                    on.statistic("logits", Tolerance.exact(), N, E),
                    on.input("x", Role.ACTIVATION, quarters(on, "x", N * C), N, C),
                    on.input("gateWeight", Role.WEIGHT, quarters(on, "gateWeight", E * C), E, C),
                    on.input("gateBias", Role.STATE, quarters(on, "gateBias", E), E),
                    options);
        }

        private static float[] quarters(Workbench on, String name, int length) {
            var random = on.random(name);
            float[] values = new float[length];
            for (int i = 0; i < length; i++) {
                values[i] = random.nextInt(-3, 4) / 4f;
            }
            return values;
        }

        void forward(Gate kernel) {
            outputs.forwardLinear(kernel, logits, x, Optional.empty(), gateWeight, Optional.of(gateBias), options);
        }
    }

    /// As do two calls, one for the logits; and the forward that follows takes those that it is given.
    @TestFactory
    Stream<DynamicTest> logitsOfAProductGiveTheBitsOfTwoCalls() {
        List<ElementType> types = new ArrayList<>(smallerWeights());
        types.add(ElementType.F32);
        return Stream.of(1, 67, 330)
                .flatMap(N -> types.stream().map(type -> {
                    Trial together = ofTokens(N, true).withWeights(type);
                    Trial apart = ofTokens(N, false).withWeights(type);
                    return DynamicTest.dynamicTest(together.name(), () -> sameBits(together, apart));
                }));
    }

    private void sameBits(Trial together, Trial apart) {
        List<Outcome> wanted;
        try (var device = open()) {
            wanted = outcomes(device, apart, false);
        }
        for (int threads : THREADS) {
            try (var device = open(threads)) {
                sameBits(wanted, outcomes(device, together, false));
            }
        }
    }

    private static Trial ofTokens(int N, boolean together) {
        int E = 40;
        return Trial.of("%d tokens".formatted(N), on -> {
            var options = options(SecondPolicy.ALL, false, false, N > 1);
            Outputs first = Outputs.of(on, N, E, options);
            Outputs second = Outputs.of(on, N, E, options);
            Tensor logits = on.statistic("logits", reduction(C), N, E);
            Tensor x = N % 2 == 0 ? on.input("x", 2, N / 2, C) : on.input("x", N, C);
            Tensor gateWeight = on.input("gateWeight", Role.WEIGHT, 0.1, E, C);
            Optional<Tensor> gateBias = N == 1 ? Optional.empty() : Optional.of(on.input("bias", Role.STATE, 1, E));
            int[] padded = on.random("padding").ints(N, 0, 2).toArray();
            Optional<Tensor> padding = N == 1 ? Optional.empty() : Optional.of(on.integers("padding", padded, N));
            Kernels kernels = on.kernels();
            if (together) {
                first.forwardLinear(kernels.gate(), logits, x, padding, gateWeight, gateBias, options);
            } else {
                kernels.linear().forward(logits, x, gateWeight, gateBias);
                first.forward(kernels.gate(), logits, padding, Optional.empty(), options);
            }
            kernels.add().forward(logits, logits, logits);
            second.forward(kernels.gate(), logits, padding, Optional.empty(), options);
        });
    }

    /// @param ofProduct whether logits of a product are routed as well
    private static void both(Workbench on, int N, int E, GateOptions options, GateInputs inputs, boolean ofProduct) {
        Tensor logits = on.input("logits", ElementType.F32, Role.ACTIVATION, inputs.logits(), N, E);
        Optional<Tensor> padding = inputs.padding().length == 0
                ? Optional.empty()
                : Optional.of(on.integers("padding", inputs.padding(), N));
        Optional<Tensor> noise = switch (options.secondPolicy()) {
            case ALL -> Optional.empty();
            case SAMPLING -> Optional.of(on.input("noise", ElementType.F32, Role.ACTIVATION, inputs.noise(), N, E));
            case RANDOM -> Optional.of(on.input("noise", ElementType.F32, Role.ACTIVATION, inputs.noise(), N));
        };
        Tensor dWeight = on.input("dWeight", ElementType.F32, Role.ACTIVATION, 1, N, options.K());
        Outputs y = Outputs.of(on, N, E, options);
        Tensor dLogits = on.result("dLogits", reduction(E), N, E);
        Optional<Product> product = ofProduct ? Optional.of(Product.of(on, N, E, options)) : Optional.empty();
        Gate kernel = on.kernels().gate();
        y.forward(kernel, logits, padding, noise, options);
        kernel.backward(dLogits, dWeight, y.routing, y.load, y.probabilities, 0.7f, options);
        product.ifPresent(its -> its.forward(kernel));
    }

    @Test
    void logitsThatAreNoNumbersCrashNothing() {
        for (float strange : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            for (boolean prioritized : new boolean[] {false, true}) {
                var options = options(SecondPolicy.ALL, false, prioritized, true);
                var trial = Trial.of("strange " + strange, on -> {
                    float[] values = new float[20 * 4];
                    Arrays.fill(values, strange);
                    GateInputs inputs = GateInputs.random(20, 4, options, 0, false, 1);
                    System.arraycopy(inputs.logits(), 0, values, 0, 40);
                    both(on, 20, 4, options, inputs.withLogits(values), false);
                });
                try (var device = open()) {
                    outcomes(device, trial, false);
                }
            }
        }
    }

    @Test
    void expertsThatDoNotExistAreRefusedByTheBackward() {
        for (int expert : new int[] {4, -1, Integer.MAX_VALUE}) {
            Refusal.of(this::open, on -> {
                var options = options(SecondPolicy.ALL, false, false, false);
                var routing = new Routing(
                        on.integers("expert", new int[] {0, 1, 2, expert}, 2, 2),
                        on.integers("slot", new int[] {0, 0, 0, 0}, 2, 2),
                        on.input("weight", 2, 2));
                var load = new ExpertLoad(
                        on.integers("queued", new int[8], 2, 4),
                        on.integers("dropped", new int[8], 2, 4),
                        on.input("entropy", 1));
                Tensor probabilities = on.input("probabilities", 2, 4);
                Tensor dWeight = on.input("dWeight", 2, 2);
                Tensor dLogits = on.result("dLogits", reduction(4), 2, 4);
                on.kernels().gate().backward(dLogits, dWeight, routing, load, probabilities, 1, options);
            });
        }
    }
}
