package dev.tandem.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.testkit.Cases;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What [Dropout] has to keep.
public abstract class DropoutContract extends KernelContract {
    private static final long SEED = 0x1234_5678_9ABCL;
    private static final long STREAM = 99;

    // the reciprocal and the product; a zero has to be a zero
    private static final Tolerance TWO_ROUNDINGS = Tolerance.roundings(2);

    @Override
    protected List<Trial> trials() {
        return cases();
    }

    static List<Trial> cases() {
        List<Trial> trials = new ArrayList<>();
        for (int size : Cases.ELEMENTS) {
            for (float probability : new float[] {0.1f, 0, 0.75f}) {
                trials.add(Trial.of(probability + " of " + size, on -> drop(on, size, probability)));
            }
        }
        return trials;
    }

    private static void drop(Workbench on, int size, float probability) {
        Tensor x = on.input("x", size);
        Tensor y = on.result("y", probability == 0 ? Tolerance.exact() : TWO_ROUNDINGS, size);
        on.kernels().dropout().forward(y, x, probability, SEED, STREAM);
    }

    @Test
    void theResultMayReplaceItsInput() {
        Aliasing.givesTheSame(this::open, on -> drop(on, 77, 0.5f), on -> {
            Tensor x = on.input("x", 77);
            on.judged("y", TWO_ROUNDINGS, x);
            on.kernels().dropout().forward(x, x, 0.5f, SEED, STREAM);
        });
    }

    @Test
    void dropsAboutAsManyAsItSaysAndOthersWithAnotherStream() {
        int size = 20_000;
        try (Backend device = open();
                var region = device.region("dropout")) {
            Tensor x = region.floats("x", Role.ACTIVATION, size);
            Tensor y = region.floats("y", Role.ACTIVATION, size);
            float[] ones = new float[size];
            Arrays.fill(ones, 1);
            device.upload(x, ones);
            device.kernels().dropout().forward(y, x, 0.3f, SEED, 1);
            float[] first = device.floats(y);
            device.kernels().dropout().forward(y, x, 0.3f, SEED, 2);
            float[] second = device.floats(y);
            long dropped = 0;
            for (float value : first) {
                dropped += value == 0 ? 1 : 0;
            }
            assertThat(dropped).isBetween((long) (0.28 * size), (long) (0.32 * size));
            assertThat(second).isNotEqualTo(first);
        }
    }

    @Test
    void aProbabilityOfOneIsRefused() {
        for (float probability : new float[] {1, -0.1f, Float.NaN}) {
            Refusal.of(this::open, on -> drop(on, 5, probability));
        }
    }
}
