package dev.tandem.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Bf16;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Region;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.AdamW;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// What [AdamW] has to keep.
public abstract class AdamWContract extends KernelContract {
    private static final Tolerance TOLERANCE = Tolerance.reduction(1);

    @Override
    protected List<Trial> trials() {
        return cases();
    }

    static List<Trial> cases() {
        List<Trial> trials = new ArrayList<>();
        for (boolean corrected : new boolean[] {false, true}) {
            var moments = new AdamW.Moments(0.9, 0.98, 1e-8, corrected);
            String rule = corrected ? ", corrected" : ", uncorrected";
            trials.add(Trial.of("STATE [19]" + rule, on -> update(on, moments, Role.STATE, 19)));
            trials.add(Trial.of("WEIGHT [33, 50]" + rule, on -> update(on, moments, Role.WEIGHT, 33, 50)));
            trials.add(Trial.of("WEIGHT [3, 17, 31]" + rule, on -> update(on, moments, Role.WEIGHT, 3, 17, 31)));
            trials.add(Trial.of("STATE [30000]" + rule, on -> update(on, moments, Role.STATE, 30_000)));
        }
        return trials;
    }

    private static void update(Workbench on, AdamW.Moments moments, Role role, int... extents) {
        Tensor parameter = on.accumulated("parameter", TOLERANCE, role, extents);
        Optional<Tensor> working = on.type() == ElementType.BF16
                ? Optional.of(on.result("working", TOLERANCE, role, i -> true, extents))
                : Optional.empty();
        Tensor m = on.judged("m", TOLERANCE, zeros(on, "m", role, extents));
        Tensor v = on.judged("v", TOLERANCE, zeros(on, "v", role, extents));
        Tensor gradient = on.input("gradient", ElementType.F32, role, 1, extents);
        Tensor norm = on.input("norm", ElementType.F32, Role.ACTIVATION, new float[] {3, 0.25f}, 2);
        AdamW kernel = on.kernels().adamW();
        for (int step = 1; step <= 3; step++) {
            kernel.update(parameter, working, m, v, gradient, norm, moments, 1e-2f / step, 0.1f, 0.5f, step);
        }
        kernel.update(parameter, working, m, v, gradient, norm, moments, 1e-2f, 0, 1, 1_000_000);
        if (working.isPresent()) {
            Tensor copy = on.result("copy", TOLERANCE, role, i -> true, extents);
            kernel.round(copy, parameter);
        }
    }

    private static Tensor zeros(Workbench on, String name, Role role, int... extents) {
        return on.input(name, ElementType.F32, role, 0, extents);
    }

    @Test
    void copiesAreRoundedToTheNearestTiesToTheEvenOne() {
        try (Backend device = open();
                Region region = device.region("copies")) {
            if (!device.offers(ElementType.BF16)) {
                return;
            }
            float[] values = awkward();
            Tensor parameter = region.floats("parameter", Role.STATE, values.length);
            Tensor working = region.allocate("working", Role.STATE, ElementType.BF16, values.length);
            device.upload(parameter, values);
            device.kernels().adamW().round(working, parameter);
            float[] found = device.floats(working);
            for (int i = 0; i < values.length; i++) {
                float wanted = Bf16.round(values[i]);
                assertThat(Float.compare(found[i], wanted))
                        .as("the copy of %s is %s and must be %s", values[i], found[i], wanted)
                        .isZero();
            }
        }
    }

    /// Ties, their neighbours, and what is not finite.
    private static float[] awkward() {
        float[] values = new float[5 * 300];
        for (int i = 0; i < 300; i++) {
            float tie = Math.scalb(1 + (2 * i + 1) * 0x1p-8f, i % 30 - 15) * (i % 2 == 0 ? 1 : -1);
            values[5 * i] = tie;
            values[5 * i + 1] = Math.nextUp(tie);
            values[5 * i + 2] = Math.nextDown(tie);
            values[5 * i + 3] = Float.intBitsToFloat(0x7F7F_0000 + i * 0x150);
            values[5 * i + 4] = i % 3 == 0 ? Float.NaN : i % 3 == 1 ? Float.NEGATIVE_INFINITY : -0f;
        }
        return values;
    }
}
