package dev.tandem.testkit.contract;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Fill;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// What [Fill] has to keep.
public abstract class FillContract extends KernelContract {
    private static final long SEED = 0xABCDEF_0123_4567L;

    // computed in double precision and rounded once
    private static final Tolerance ONE_ROUNDING = Tolerance.roundings(1);
    // product and sum may each be rounded, and the sum may cancel down to its first term
    private static final Tolerance AFFINE = Tolerance.reduction(1);

    @Override
    protected List<Trial> trials() {
        return cases();
    }

    static List<Trial> cases() {
        List<Trial> trials = new ArrayList<>();
        trials.add(Trial.of("ACTIVATION [7]", on -> fill(on, Role.ACTIVATION, 7)));
        trials.add(Trial.of("STATE [3, 1021]", on -> fill(on, Role.STATE, 3, 1021)));
        trials.add(Trial.of("WEIGHT [37, 19]", on -> fill(on, Role.WEIGHT, 37, 19)));
        trials.add(Trial.of("WEIGHT [3, 33, 70]", on -> fill(on, Role.WEIGHT, 3, 33, 70)));
        trials.add(Trial.of("ACTIVATION [2, 3, 4, 5]", on -> fill(on, Role.ACTIVATION, 2, 3, 4, 5)));
        trials.add(Trial.of("STATE [50000]", on -> fill(on, Role.STATE, 50_000)));
        return trials;
    }

    /// One tensor a call, so any shape, type or role that the others do not have is as good.
    @Override
    protected Set<Integer> tolerant(Sabotage.Kind kind) {
        return switch (kind) {
            case WIDER -> Set.of(0, 1, 2, 3, 4, 5);
            case OTHER_TYPE -> Set.of(0, 4);
            case OTHER_PRECISION -> Set.of(0, 1, 2);
            default -> Set.of();
        };
    }

    private static void fill(Workbench on, Role role, int... extents) {
        Tensor constant = on.result("constant", Tolerance.exact(), role, i -> true, extents);
        Tensor uniform = on.result("uniform", AFFINE, role, i -> true, extents);
        Tensor normal = on.result("normal", ONE_ROUNDING, role, i -> true, extents);
        Tensor gumbel = on.result("gumbel", ElementType.F32, ONE_ROUNDING, role, i -> true, extents);
        Tensor integers = on.integerResult("integers", extents);
        Fill kernel = on.kernels().fill();
        kernel.constant(constant, 0.1);
        kernel.uniform(uniform, -0.25f, 0.75f, SEED, 5);
        kernel.normal(normal, 0.5f, 0.02f, SEED, 6);
        kernel.gumbel(gumbel, SEED, 7);
        kernel.constant(integers, -17);
    }

    @Test
    void aSliceIsFilledByItsOwnIndices() {
        try (Backend device = open();
                var region = device.region("slices")) {
            Tensor stack = region.floats("stack", Role.WEIGHT, 3, 21, 10);
            Tensor alone = region.floats("alone", Role.WEIGHT, 21, 10);
            device.kernels().fill().normal(stack.at(2), 0, 1, SEED, 8);
            device.kernels().fill().normal(alone, 0, 1, SEED, 8);
            TensorAssert.assertSameBits(
                    "slice", Workbench.values(device, alone), Workbench.values(device, stack.at(2)));
            TensorAssert.assertSameBits("rest", new double[2 * 21 * 10], Workbench.values(device, stack.slice(0, 2)));
        }
    }
}
