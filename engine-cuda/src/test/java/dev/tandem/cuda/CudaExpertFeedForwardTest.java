package dev.tandem.cuda;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertFeedForward;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.FeedForwardWeights;
import dev.tandem.engine.kernel.GeluForm;
import dev.tandem.testkit.contract.ExpertFeedForwardContract;
import dev.tandem.testkit.contract.Tolerance;
import dev.tandem.testkit.contract.Trial;
import dev.tandem.testkit.contract.Workbench;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

final class CudaExpertFeedForwardTest extends ExpertFeedForwardContract {
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
        List<Trial> trials = new ArrayList<>(super.trials());
        var large = new UnevenExperts(2 * 90, 300, 0, 97);
        trials.add(Trial.of("large tiles", on -> everything(on, large, 20, 140)));
        trials.add(Trial.of("few rows of most", on -> everything(on, UnevenExperts.crowded(20, 90, 2 * 50), 9, 22)));
        return trials;
    }

    private static void everything(Workbench on, UnevenExperts experts, int C, int F) {
        int K = 2;
        int E = experts.E();
        int R = experts.R();
        ExpertRows rows = experts.rows(on);
        Tensor x = on.input("x", experts.choices() / K, C);
        Tensor dExpertY = experts.buffer(on, "dExpertY", C);
        var weights = new FeedForwardWeights(
                on.input("up", Role.WEIGHT, 1 / Math.sqrt(C), E, F, C),
                on.input("upBias", Role.STATE, 0.3, E, F),
                on.input("down", Role.WEIGHT, 1 / Math.sqrt(F), E, C, F),
                on.input("downBias", Role.STATE, 0.3, E, C));
        Tolerance tolerance = hidden(on, C + F);
        Tensor expertY = on.result("expertY", tolerance, Role.ACTIVATION, experts.owned(C), R, C);
        Tensor dExpertX = on.result("dExpertX", tolerance, Role.ACTIVATION, experts.owned(C), R, C);
        Tensor preActivation = on.scratch("preActivation", Role.ACTIVATION, R, F);
        Tolerance accumulated = hidden(on, experts.largestCount() + C);
        var gradients = new FeedForwardWeights(
                on.accumulated("dUp", accumulated, Role.WEIGHT, E, F, C),
                on.accumulated("dUpBias", accumulated, Role.STATE, E, F),
                on.accumulated("dDown", accumulated, Role.WEIGHT, E, C, F),
                on.accumulated("dDownBias", accumulated, Role.STATE, E, C));
        ExpertFeedForward kernel = on.kernels().expertFeedForward();
        kernel.forward(expertY, Optional.of(preActivation), x, weights, rows, K, GeluForm.ERF);
        kernel.backward(dExpertX, gradients, dExpertY, preActivation, x, weights, rows, K, GeluForm.ERF);
    }
}
