package dev.tandem.cuda;

import static dev.tandem.testkit.contract.Tolerance.reduction;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.GeluForm;
import dev.tandem.testkit.contract.LinearContract;
import dev.tandem.testkit.contract.Trial;
import dev.tandem.testkit.contract.Workbench;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

final class CudaLinearTest extends LinearContract {
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
        trials.add(Trial.of("large tiles forward", on -> forward(on, 1180, 20, 1170)));
        trials.add(Trial.of("large tiles for dx", on -> backwardData(on, 1170, 1180, 20)));
        trials.add(Trial.of("large tiles for dWeight", on -> backwardWeight(on, 21, 1180, 1170)));
        trials.add(Trial.of("more row tiles than neighbours", on -> forward(on, 1100, 20, 70)));
        trials.add(Trial.of("long sums in ranges", on -> {
            forward(on, 9, 2000, 30);
            backwardData(on, 9, 30, 2000);
            backwardWeight(on, 2000, 9, 30);
        }));
        for (int N = 2; N <= 8; N++) {
            int rows = N;
            trials.add(Trial.of("a stream past %d rows".formatted(N), on -> forward(on, rows, 133 * 4, 13)));
        }
        return trials;
    }

    private static void forward(Workbench on, int N, int in, int out) {
        Tensor x = on.input("x", N, in);
        Tensor weight = on.input("weight", Role.WEIGHT, 1, out, in);
        Tensor bias = on.input("bias", Role.STATE, 1, out);
        Tensor preActivation = on.result("preActivation", reduction(in), N, out);
        Tensor y = on.result("gelu(y)", reduction(in), N, out);
        on.kernels().linear().forwardGelu(y, Optional.of(preActivation), x, weight, Optional.of(bias), GeluForm.TANH);
    }

    private static void backwardData(Workbench on, int N, int in, int out) {
        Tensor dy = on.input("dy for dx", N, out);
        Tensor weight = on.input("weight for dx", Role.WEIGHT, 1, out, in);
        Tensor dx = on.result("dx", reduction(out), N, in);
        on.kernels().linear().backwardData(dx, dy, weight);
    }

    private static void backwardWeight(Workbench on, int N, int in, int out) {
        Tensor dy = on.input("dy for dWeight", N, out);
        Tensor x = on.input("x for dWeight", N, in);
        Tensor dWeight = on.accumulated("dWeight", reduction(N), Role.WEIGHT, out, in);
        Tensor dBias = on.accumulated("dBias", reduction(N), Role.STATE, out);
        on.kernels().linear().backwardWeight(dWeight, Optional.of(dBias), dy, x);
    }
}
