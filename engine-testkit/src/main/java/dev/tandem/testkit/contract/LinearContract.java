package dev.tandem.testkit.contract;

import static dev.tandem.testkit.contract.Tolerance.reduction;

import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.GeluForm;
import dev.tandem.engine.kernel.Linear;
import dev.tandem.testkit.Cases;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// What [Linear] has to keep.
public abstract class LinearContract extends KernelContract {
    private static final Set<Integer> RESULTS_OF_FORWARD = Set.of(4, 5, 12);

    @Override
    protected List<Trial> trials() {
        return cases();
    }

    @Override
    protected List<Trial> weightTrials() {
        List<Trial> trials = new ArrayList<>();
        for (Cases.Product sizes : Cases.FORWARD) {
            trials.add(Trial.of(sizes.toString(), on -> forward(on, sizes.N(), sizes.in(), sizes.out())));
        }
        return trials;
    }

    /// What is only multiplied may keep its logits in F32.
    @Override
    protected Set<Integer> tolerant(Sabotage.Kind kind) {
        return kind == Sabotage.Kind.OTHER_PRECISION ? RESULTS_OF_FORWARD : Set.of();
    }

    static List<Trial> cases() {
        List<Trial> trials = new ArrayList<>();
        for (Cases.Product sizes : Cases.LINEAR) {
            trials.add(Trial.of(sizes.toString(), on -> everything(on, sizes.N(), sizes.in(), sizes.out())));
        }
        trials.add(Trial.of("[2, 3, in] is six rows", LinearContract::leadingDimensions));
        return trials;
    }

    private static void everything(Workbench on, int N, int in, int out) {
        Tensor x = on.input("x", N, in);
        Tensor weight = on.input("weight", Role.WEIGHT, 1, out, in);
        Tensor bias = on.input("bias", Role.STATE, 1, out);
        Tensor dy = on.input("dy", N, out);
        Tensor y = on.result("y", reduction(in), N, out);
        Tensor plain = on.result("y without bias", reduction(in), N, out);
        Tensor activated = on.result("gelu(y)", reduction(in), N, out);
        Tensor preActivation = on.result("preActivation", reduction(in), N, out);
        Tensor activatedOnly = on.result("tanh gelu(y), nothing saved", reduction(in), N, out);
        Tensor dx = on.result("dx", reduction(out), N, in);
        Tensor dWeight = on.accumulated("dWeight", reduction(N), Role.WEIGHT, out, in);
        Tensor dBias = on.accumulated("dBias", reduction(N), Role.STATE, out);
        Tensor logits = on.statistic("y in F32", reduction(in), N, out);
        Tensor dWeightOnly = on.accumulated("dWeight without bias", reduction(N), Role.WEIGHT, out, in);
        Linear kernel = on.kernels().linear();
        kernel.forward(y, x, weight, Optional.of(bias));
        kernel.forward(plain, x, weight, Optional.empty());
        kernel.forward(logits, x, weight, Optional.of(bias));
        kernel.forwardGelu(activated, Optional.of(preActivation), x, weight, Optional.of(bias), GeluForm.ERF);
        kernel.forwardGelu(activatedOnly, Optional.empty(), x, weight, Optional.empty(), GeluForm.TANH);
        kernel.backwardData(dx, dy, weight);
        kernel.backwardWeight(dWeight, Optional.of(dBias), dy, x);
        kernel.backwardWeight(dWeightOnly, Optional.empty(), dy, x);
    }

    private static void forward(Workbench on, int N, int in, int out) {
        Tensor x = on.input("x", N, in);
        Tensor weight = on.input("weight", Role.WEIGHT, 1, out, in);
        Tensor bias = on.input("bias", Role.STATE, 1, out);
        Tensor y = on.result("y", reduction(in), N, out);
        Tensor plain = on.result("y without bias", reduction(in), N, out);
        Tensor activated = on.result("gelu(y)", reduction(in), N, out);
        Tensor preActivation = on.result("preActivation", reduction(in), N, out);
        Linear kernel = on.kernels().linear();
        kernel.forward(y, x, weight, Optional.of(bias));
        kernel.forward(plain, x, weight, Optional.empty());
        kernel.forwardGelu(activated, Optional.of(preActivation), x, weight, Optional.of(bias), GeluForm.ERF);
    }

    private static void leadingDimensions(Workbench on) {
        Tensor x = on.input("x", 2, 3, 19);
        Tensor weight = on.input("weight", Role.WEIGHT, 1, 6, 19);
        Tensor y = on.result("y", reduction(19), 2, 3, 6);
        Tensor dWeight = on.accumulated("dWeight", reduction(6), Role.WEIGHT, 6, 19);
        Linear kernel = on.kernels().linear();
        kernel.forward(y, x, weight, Optional.empty());
        kernel.backwardWeight(dWeight, Optional.empty(), y, x);
    }
}
