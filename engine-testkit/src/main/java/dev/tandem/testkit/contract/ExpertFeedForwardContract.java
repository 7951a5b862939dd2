package dev.tandem.testkit.contract;

import static dev.tandem.testkit.contract.Tolerance.reduction;

import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertFeedForward;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.FeedForwardWeights;
import dev.tandem.engine.kernel.GeluForm;
import dev.tandem.testkit.Cases;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// What [ExpertFeedForward] has to keep.
public abstract class ExpertFeedForwardContract extends KernelContract {
    @Override
    protected List<Trial> trials() {
        return cases();
    }

    @Override
    protected List<Trial> weightTrials() {
        return ExpertTrials.of(ExpertFeedForwardContract::forward);
    }

    static List<Trial> cases() {
        return ExpertTrials.of(ExpertFeedForwardContract::everything);
    }

    private static void everything(Workbench on, Cases.Experts sizes, HostRouting host) {
        int N = sizes.N();
        int C = sizes.C();
        int F = sizes.F();
        int K = sizes.K();
        int R = host.R();
        GeluForm form = N % 2 == 0 ? GeluForm.TANH : GeluForm.ERF;
        ExpertRows rows = host.rows(on);
        Tensor x = on.input("x", N, C);
        FeedForwardWeights weights = weights(on, sizes);
        Tensor dExpertY = host.buffer(on, "dExpertY", C);
        Tensor expertY = on.result("expertY", hidden(on, C + F), Role.ACTIVATION, host.owned(C), R, C);
        Tensor nothingSaved =
                on.result("expertY, nothing saved", hidden(on, C + F), Role.ACTIVATION, host.owned(C), R, C);
        Tensor preActivation = on.scratch("preActivation", Role.ACTIVATION, R, F);
        Tensor dExpertX = on.result("dExpertX", hidden(on, C + F), Role.ACTIVATION, host.owned(C), R, C);
        FeedForwardWeights gradients = gradients(on, sizes, hidden(on, host.largestCount() + C));
        ExpertFeedForward kernel = on.kernels().expertFeedForward();
        kernel.forward(nothingSaved, Optional.empty(), x, weights, rows, K, form);
        kernel.forward(expertY, Optional.of(preActivation), x, weights, rows, K, form);
        kernel.backward(dExpertX, gradients, dExpertY, preActivation, x, weights, rows, K, form);
    }

    private static void forward(Workbench on, Cases.Experts sizes, HostRouting host) {
        int C = sizes.C();
        int R = host.R();
        ExpertRows rows = host.rows(on);
        Tensor x = on.input("x", sizes.N(), C);
        FeedForwardWeights weights = weights(on, sizes);
        Tensor expertY = on.result("expertY", hidden(on, C + sizes.F()), Role.ACTIVATION, host.owned(C), R, C);
        on.kernels().expertFeedForward().forward(expertY, Optional.empty(), x, weights, rows, sizes.K(), GeluForm.ERF);
    }

    /// For sums over the hidden block or its gradient, which may be rounded between two products.
    protected static Tolerance hidden(Workbench on, int terms) {
        return reduction(terms).through(on.type(), 1);
    }

    private static FeedForwardWeights weights(Workbench on, Cases.Experts sizes) {
        int E = sizes.E();
        int F = sizes.F();
        int C = sizes.C();
        return new FeedForwardWeights(
                on.input("up", Role.WEIGHT, 1 / Math.sqrt(C), E, F, C),
                on.input("upBias", Role.STATE, 0.3, E, F),
                on.input("down", Role.WEIGHT, 1 / Math.sqrt(F), E, C, F),
                on.input("downBias", Role.STATE, 0.3, E, C));
    }

    private static FeedForwardWeights gradients(Workbench on, Cases.Experts sizes, Tolerance tolerance) {
        int E = sizes.E();
        int F = sizes.F();
        int C = sizes.C();
        return new FeedForwardWeights(
                on.accumulated("dUp", tolerance, Role.WEIGHT, E, F, C),
                on.accumulated("dUpBias", tolerance, Role.STATE, E, F),
                on.accumulated("dDown", tolerance, Role.WEIGHT, E, C, F),
                on.accumulated("dDownBias", tolerance, Role.STATE, E, C));
    }

    @Test
    void choicesOfTokensThatDoNotExistAreRefused() {
        for (int choice : new int[] {6, -1, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            Refusal.of(this::open, on -> {
                var sizes = new Cases.Experts(3, 5, 4, 2, 2);
                var rows = new ExpertRows(
                        on.integers("starts", new int[] {0, 2}, 2),
                        on.integers("counts", new int[] {1, 2}, 2),
                        on.integers("choiceOf", new int[] {0, -1, choice, 3}, 4));
                Tensor x = on.input("x", 3, 5);
                FeedForwardWeights weights = weights(on, sizes);
                Tensor expertY = on.result("expertY", reduction(5), 4, 5);
                on.kernels().expertFeedForward().forward(expertY, Optional.empty(), x, weights, rows, 2, GeluForm.ERF);
            });
        }
    }
}
