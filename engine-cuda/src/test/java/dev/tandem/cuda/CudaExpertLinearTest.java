package dev.tandem.cuda;

import static dev.tandem.testkit.contract.Tolerance.reduction;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Region;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertLinear;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.testkit.contract.ExpertLinearContract;
import dev.tandem.testkit.contract.Trial;
import dev.tandem.testkit.contract.Workbench;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class CudaExpertLinearTest extends ExpertLinearContract {
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
        var large = new UnevenExperts(1, 300, 0, 97);
        trials.add(Trial.of("large tiles", on -> everything(on, large, 36, 150)));
        var largeWeights = UnevenExperts.crowded(24, 9, 1);
        trials.add(Trial.of("large tiles of dWeight", on -> everything(on, largeWeights, 140, 132)));
        trials.add(Trial.of(
                "more row tiles than neighbours", on -> everything(on, UnevenExperts.crowded(13, 1100, 1), 5, 70)));
        trials.add(Trial.of(
                "more experts than threads of the plan",
                on -> everything(on, UnevenExperts.crowded(600, 70, 1), 9, 6)));
        return trials;
    }

    @Test
    void expertsThatShareRowsAreRefused() {
        int E = 5;
        int R = 200;
        try (Backend device = open();
                Region region = device.region("shared rows")) {
            Tensor counts = region.integers("counts", E);
            device.kernels().fill().constant(counts, R);
            var rows = new ExpertRows(region.integers("starts", E), counts, region.integers("choiceOf", R));
            Tensor dx = region.floats("dx", Role.ACTIVATION, R, 3);
            Tensor dy = region.floats("dy", Role.ACTIVATION, R, 4);
            Tensor weight = region.floats("weight", Role.WEIGHT, E, 4, 3);
            device.kernels().expertLinear().backwardData(dx, dy, weight, rows);

            assertThatIllegalArgumentException()
                    .isThrownBy(device::synchronize)
                    .withMessage("rows.counts must be in 0..200, but holds 1000");
        }
    }

    private static void everything(Workbench on, UnevenExperts experts, int in, int out) {
        int E = experts.E();
        int R = experts.R();
        ExpertRows rows = experts.rows(on);
        Tensor x = experts.buffer(on, "x", in);
        Tensor dy = experts.buffer(on, "dy", out);
        Tensor weight = on.input("weight", Role.WEIGHT, 1, E, out, in);
        Tensor bias = on.input("bias", Role.STATE, 1, E, out);
        Tensor y = on.result("y", reduction(in), Role.ACTIVATION, experts.owned(out), R, out);
        Tensor dx = on.result("dx", reduction(out), Role.ACTIVATION, experts.owned(in), R, in);
        int terms = experts.largestCount();
        Tensor dWeight = on.accumulated("dWeight", reduction(terms), Role.WEIGHT, E, out, in);
        Tensor dBias = on.accumulated("dBias", reduction(terms), Role.STATE, E, out);
        ExpertLinear kernel = on.kernels().expertLinear();
        kernel.forward(y, x, weight, Optional.of(bias), rows);
        kernel.backwardData(dx, dy, weight, rows);
        kernel.backwardWeight(dWeight, Optional.of(dBias), dy, x, rows);
    }
}
