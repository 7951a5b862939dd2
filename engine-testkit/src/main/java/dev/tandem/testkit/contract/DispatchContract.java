package dev.tandem.testkit.contract;

import static dev.tandem.testkit.contract.Tolerance.reduction;

import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Dispatch;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.Routing;
import dev.tandem.testkit.Cases;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What [Dispatch] has to keep.
public abstract class DispatchContract extends KernelContract {
    private static final List<Cases.Experts> SEVERAL_TASKS =
            List.of(new Cases.Experts(700, 66, 1, 9, 3), new Cases.Experts(300, 130, 1, 40, 2));

    @Override
    protected List<Trial> trials() {
        return cases();
    }

    static List<Trial> cases() {
        List<Trial> trials = new ArrayList<>(ExpertTrials.of(DispatchContract::everyDirection));
        trials.addAll(ExpertTrials.of(SEVERAL_TASKS, DispatchContract::everyDirection));
        return trials;
    }

    private static void everyDirection(Workbench on, Cases.Experts sizes, HostRouting host) {
        int N = sizes.N();
        int C = sizes.C();
        int K = sizes.K();
        Routing routing = host.routing(on);
        ExpertRows rows = host.rows(on);
        Tensor x = on.input("x", N, C);
        Tensor dy = on.input("dy", N, C);
        Tensor expertY = host.buffer(on, "expertY", C);
        Tensor dExpertX = host.buffer(on, "dExpertX", C);
        Tensor expertX = on.result("expertX", Tolerance.exact(), Role.ACTIVATION, host.owned(C), host.R(), C);
        Tensor dx = on.result("dx", reduction(K), N, C);
        Tensor y = on.result("y", reduction(K), N, C);
        Tensor dExpertY = on.result("dExpertY", Tolerance.roundings(1), Role.ACTIVATION, host.owned(C), host.R(), C);
        Tensor dWeight = on.statistic("dWeight", reduction(C), N, K);
        Dispatch kernel = on.kernels().dispatch();
        kernel.scatter(expertX, x, routing, rows);
        kernel.scatterBackward(dx, dExpertX, routing, rows);
        kernel.gather(y, expertY, routing, rows);
        kernel.gatherBackward(dExpertY, dWeight, dy, expertY, routing, rows);
    }

    @Test
    void routingOutsideTheRowsIsRefused() {
        int[][] experts = {{2, 0}, {-1, 0}, {Integer.MAX_VALUE, 0}, {0, 1}};
        int[][] slots = {{0, 0}, {0, 0}, {0, 0}, {-2, 3}};
        for (int i = 0; i < experts.length; i++) {
            int[] expert = experts[i];
            int[] slot = slots[i];
            Refusal.of(this::open, on -> scatter(on, expert, slot, 0, 2));
        }
        Refusal.of(this::open, on -> scatter(on, new int[] {0, 1}, new int[] {0, 0}, -1, 2));
        Refusal.of(this::open, on -> scatter(on, new int[] {0, 1}, new int[] {0, 0}, 3, 2));
        Refusal.of(this::open, on -> scatter(on, new int[] {0, 1}, new int[] {0, 0}, 2, Integer.MAX_VALUE));
    }

    /// Two tokens with one expert each, two experts in four rows.
    private static void scatter(Workbench on, int[] expert, int[] slot, int secondStart, int secondCount) {
        var routing = new Routing(
                on.integers("expert", expert, 2, 1), on.integers("slot", slot, 2, 1), on.input("weight", 2, 1));
        var rows = new ExpertRows(
                on.integers("starts", new int[] {0, secondStart}, 2),
                on.integers("counts", new int[] {2, secondCount}, 2),
                on.integers("choiceOf", new int[] {0, -1, 1, -1}, 4));
        Tensor x = on.input("x", 2, 5);
        Tensor expertX = on.result("expertX", Tolerance.exact(), 4, 5);
        on.kernels().dispatch().scatter(expertX, x, routing, rows);
    }
}
