package dev.tandem.testkit.contract;

import static dev.tandem.testkit.contract.Tolerance.reduction;

import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertLinear;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.GeluForm;
import dev.tandem.testkit.Cases;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// What [ExpertLinear] has to keep.
public abstract class ExpertLinearContract extends KernelContract {
    @Override
    protected List<Trial> trials() {
        return cases();
    }

    @Override
    protected List<Trial> weightTrials() {
        return ExpertTrials.of(ExpertLinearContract::forward);
    }

    static List<Trial> cases() {
        return ExpertTrials.of(ExpertLinearContract::everything);
    }

    private static void everything(Workbench on, Cases.Experts sizes, HostRouting host) {
        int in = sizes.C();
        int out = sizes.F();
        int E = sizes.E();
        int R = host.R();
        ExpertRows rows = host.rows(on);
        Tensor x = host.buffer(on, "x", in);
        Tensor dy = host.buffer(on, "dy", out);
        Tensor weight = on.input("weight", Role.WEIGHT, 1, E, out, in);
        Tensor bias = on.input("bias", Role.STATE, 1, E, out);
        Tensor y = rowsOf(on, "y", host, in, out);
        Tensor plain = rowsOf(on, "y without bias", host, in, out);
        Tensor activated = rowsOf(on, "gelu(y)", host, in, out);
        Tensor preActivation = rowsOf(on, "preActivation", host, in, out);
        Tensor activatedOnly = rowsOf(on, "tanh gelu(y), nothing saved", host, in, out);
        Tensor dx = on.result("dx", reduction(out), Role.ACTIVATION, host.owned(in), R, in);
        int terms = host.largestCount();
        Tensor dWeight = on.accumulated("dWeight", reduction(terms), Role.WEIGHT, E, out, in);
        Tensor dBias = on.accumulated("dBias", reduction(terms), Role.STATE, E, out);
        Tensor dWeightOnly = on.accumulated("dWeight without bias", reduction(terms), Role.WEIGHT, E, out, in);
        ExpertLinear kernel = on.kernels().expertLinear();
        kernel.forward(y, x, weight, Optional.of(bias), rows);
        kernel.forward(plain, x, weight, Optional.empty(), rows);
        kernel.forwardGelu(activated, Optional.of(preActivation), x, weight, Optional.of(bias), rows, GeluForm.ERF);
        kernel.forwardGelu(activatedOnly, Optional.empty(), x, weight, Optional.empty(), rows, GeluForm.TANH);
        kernel.backwardData(dx, dy, weight, rows);
        kernel.backwardWeight(dWeight, Optional.of(dBias), dy, x, rows);
        kernel.backwardWeight(dWeightOnly, Optional.empty(), dy, x, rows);
    }

    private static void forward(Workbench on, Cases.Experts sizes, HostRouting host) {
        int in = sizes.C();
        int out = sizes.F();
        ExpertRows rows = host.rows(on);
        Tensor x = host.buffer(on, "x", in);
        Tensor weight = on.input("weight", Role.WEIGHT, 1, sizes.E(), out, in);
        Tensor bias = on.input("bias", Role.STATE, 1, sizes.E(), out);
        Tensor y = rowsOf(on, "y", host, in, out);
        Tensor activated = rowsOf(on, "gelu(y)", host, in, out);
        Tensor preActivation = rowsOf(on, "preActivation", host, in, out);
        ExpertLinear kernel = on.kernels().expertLinear();
        kernel.forward(y, x, weight, Optional.empty(), rows);
        kernel.forwardGelu(activated, Optional.of(preActivation), x, weight, Optional.of(bias), rows, GeluForm.TANH);
    }

    private static Tensor rowsOf(Workbench on, String name, HostRouting host, int terms, int columns) {
        return on.result(name, reduction(terms), Role.ACTIVATION, host.owned(columns), host.R(), columns);
    }

    @Test
    void rowsOutsideTheBufferAreRefused() {
        int[][] starts = {{-1, 2}, {0, 5}, {Integer.MIN_VALUE, 2}, {0, 2}, {0, 2}};
        int[][] counts = {{1, 1}, {1, 1}, {1, 1}, {-1, 1}, {1, Integer.MAX_VALUE}};
        for (int i = 0; i < starts.length; i++) {
            int[] start = starts[i];
            int[] count = counts[i];
            Refusal.of(this::open, on -> {
                var rows = new ExpertRows(
                        on.integers("starts", start, 2),
                        on.integers("counts", count, 2),
                        on.integers("choiceOf", new int[] {0, 1, 2, 3}, 4));
                Tensor x = on.input("x", 4, 5);
                Tensor weight = on.input("weight", Role.WEIGHT, 1, 2, 3, 5);
                Tensor y = on.result("y", reduction(5), 4, 3);
                on.kernels().expertLinear().forward(y, x, weight, Optional.empty(), rows);
            });
        }
    }
}
