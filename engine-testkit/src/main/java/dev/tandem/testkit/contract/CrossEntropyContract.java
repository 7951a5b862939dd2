package dev.tandem.testkit.contract;

import static dev.tandem.testkit.contract.Tolerance.reduction;

import dev.tandem.engine.ElementType;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.CrossEntropy;
import dev.tandem.testkit.Cases;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// What [CrossEntropy] has to keep.
public abstract class CrossEntropyContract extends KernelContract {
    private static final int DLOGITS = 5;

    @Override
    protected List<Trial> trials() {
        return cases();
    }

    /// The gradient may have either precision.
    @Override
    protected Set<Integer> tolerant(Sabotage.Kind kind) {
        return kind == Sabotage.Kind.OTHER_PRECISION ? Set.of(DLOGITS) : Set.of();
    }

    static List<Trial> cases() {
        List<Trial> trials = new ArrayList<>();
        for (Cases.Rows sizes : Cases.CROSS_ENTROPY) {
            trials.add(Trial.of(sizes.toString(), on -> both(on, sizes.N(), sizes.C(), 3)));
        }
        trials.add(Trial.of("logits of hundreds", on -> both(on, 9, 130, 300)));
        trials.add(Trial.of("nothing scored", on -> nothingScored(on)));
        return trials;
    }

    private static void both(Workbench on, int N, int V, double deviation) {
        // in the loss the largest logit cancels, so its rounding stays; the sum over tokens adds in F64
        Tolerance loss = reduction(V);
        Tensor logits = on.input("logits", ElementType.F32, Role.ACTIVATION, deviation, N, V);
        Tensor targets = on.integers("targets", targets(on, N, V), N);
        Tensor total = on.statistic("total", loss, 1);
        Tensor losses = on.statistic("loss", loss, N);
        Tensor logSumExp = on.statistic("logSumExp", loss, N);
        // e^x magnifies the rounding of x by x itself
        Tolerance gradient = reduction(V).widened(Math.max(1, deviation), "logits of that size enter e^x");
        Tensor dLogits = on.result("dLogits", gradient, N, V);
        CrossEntropy kernel = on.kernels().crossEntropy();
        kernel.forward(total, losses, logSumExp, logits, targets);
        kernel.backward(dLogits, logSumExp, logits, targets, 0.125f);
    }

    private static int[] targets(Workbench on, int N, int V) {
        int[] targets = on.random("targets").ints(N, 0, V).toArray();
        for (int n = 2; n < N; n += 4) {
            targets[n] = -1;
        }
        return targets;
    }

    private static void nothingScored(Workbench on) {
        int N = 3;
        int V = 21;
        int[] none = new int[N];
        Arrays.fill(none, -1);
        Tensor logits = on.input("logits", ElementType.F32, Role.ACTIVATION, 1, N, V);
        Tensor targets = on.integers("targets", none, N);
        Tensor total = on.statistic("total", Tolerance.exact(), 1);
        Tensor loss = on.statistic("loss", Tolerance.exact(), N);
        Tensor logSumExp = on.statistic("logSumExp", reduction(V), N);
        Tensor dLogits = on.result("dLogits", Tolerance.exact(), N, V);
        CrossEntropy kernel = on.kernels().crossEntropy();
        kernel.forward(total, loss, logSumExp, logits, targets);
        kernel.backward(dLogits, logSumExp, logits, targets, 1);
    }

    @Test
    void gradientOfTheLogitsMayReplaceThem() {
        int N = 6;
        int V = 75;
        Aliasing.givesTheSame(this::open, on -> both(on, N, V, 3), on -> {
            Tensor logits = on.input("logits", Role.ACTIVATION, 3, N, V);
            Tensor targets = on.integers("targets", targets(on, N, V), N);
            Tensor total = on.result("total", reduction(V), 1);
            Tensor loss = on.result("loss", reduction(V), N);
            Tensor logSumExp = on.result("logSumExp", reduction(V), N);
            on.judged("dLogits", reduction(V), logits);
            CrossEntropy kernel = on.kernels().crossEntropy();
            kernel.forward(total, loss, logSumExp, logits, targets);
            kernel.backward(logits, logSumExp, logits, targets, 0.125f);
        });
    }

    @Test
    void targetsOutsideTheVocabularyAreRefused() {
        for (int target : new int[] {-2, 7, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            Refusal.of(this::open, on -> {
                Tensor logits = on.input("logits", 3, 7);
                Tensor targets = on.integers("targets", new int[] {0, target, 6}, 3);
                Tensor loss = on.result("loss", reduction(7), 3);
                Tensor logSumExp = on.result("logSumExp", reduction(7), 3);
                Tensor total = on.result("total", reduction(7), 1);
                on.kernels().crossEntropy().forward(total, loss, logSumExp, logits, targets);
            });
            Refusal.of(this::open, on -> {
                Tensor logits = on.input("logits", 3, 7);
                Tensor logSumExp = on.input("logSumExp", 3);
                Tensor targets = on.integers("targets", new int[] {0, target, 6}, 3);
                Tensor dLogits = on.result("dLogits", reduction(7), 3, 7);
                on.kernels().crossEntropy().backward(dLogits, logSumExp, logits, targets, 1);
            });
        }
    }
}
