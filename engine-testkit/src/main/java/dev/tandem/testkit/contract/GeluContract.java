package dev.tandem.testkit.contract;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Gelu;
import dev.tandem.engine.kernel.GeluForm;
import dev.tandem.testkit.Cases;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What [Gelu] has to keep.
public abstract class GeluContract extends KernelContract {
    // gelu(x) is x times a number good to some roundings, but 1 + erf cancels for negative x, so the
    // largest element sets the scale; the deviations below keep it small where small matters
    private static final Tolerance TOLERANCE = Tolerance.reduction(1);

    @Override
    protected List<Trial> trials() {
        return cases();
    }

    static List<Trial> cases() {
        List<Trial> trials = new ArrayList<>();
        for (GeluForm form : GeluForm.values()) {
            for (int size : Cases.ELEMENTS) {
                trials.add(Trial.of(form + " of " + size, on -> both(on, size, 1.5, form)));
            }
            trials.add(Trial.of(form + " near zero", on -> both(on, 333, 1e-3, form)));
            trials.add(Trial.of(form + " in the tails", on -> both(on, 333, 30, form)));
        }
        return trials;
    }

    private static void both(Workbench on, int size, double deviation, GeluForm form) {
        Tensor x = on.input("x", Role.ACTIVATION, deviation, size);
        Tensor dy = on.input("dy", size);
        Tensor y = on.result("y", TOLERANCE, size);
        Tensor dx = on.result("dx", TOLERANCE, size);
        Gelu kernel = on.kernels().gelu();
        kernel.forward(y, x, form);
        kernel.backward(dx, dy, x, form);
    }

    @Test
    void outputsMayReplaceInputs() {
        int size = 101;
        Aliasing.givesTheSame(this::open, on -> both(on, size, 1.5, GeluForm.ERF), on -> {
            Tensor x = on.input("x", Role.ACTIVATION, 1.5, size);
            on.input("dy", size);
            on.judged("y", TOLERANCE, x);
            on.kernels().gelu().forward(x, x, GeluForm.ERF);
        });
        Aliasing.givesTheSame(this::open, on -> both(on, size, 1.5, GeluForm.TANH), on -> {
            Tensor x = on.input("x", Role.ACTIVATION, 1.5, size);
            Tensor dy = on.input("dy", size);
            on.judged("dx", TOLERANCE, dy);
            on.kernels().gelu().backward(dy, dy, x, GeluForm.TANH);
        });
        Aliasing.givesTheSame(this::open, on -> both(on, size, 1.5, GeluForm.TANH), on -> {
            Tensor x = on.input("x", Role.ACTIVATION, 1.5, size);
            Tensor dy = on.input("dy", size);
            on.judged("dx", TOLERANCE, x);
            on.kernels().gelu().backward(x, dy, x, GeluForm.TANH);
        });
    }

    @Test
    void hugeArgumentsGiveZeroOrThemselves() {
        try (Backend device = open();
                var region = device.region("huge")) {
            for (GeluForm form : GeluForm.values()) {
                Tensor x = region.floats("x", Role.ACTIVATION, 4);
                Tensor y = region.floats("y", Role.ACTIVATION, 4);
                Tensor dx = region.floats("dx", Role.ACTIVATION, 4);
                Tensor dy = region.floats("dy", Role.ACTIVATION, 4);
                device.upload(x, new float[] {-1e15f, 1e15f, -1e4f, 1e4f});
                device.upload(dy, new float[] {1, 1, 1, 1});
                device.kernels().gelu().forward(y, x, form);
                device.kernels().gelu().backward(dx, dy, x, form);
                TensorAssert.assertClose(
                        form + " y",
                        new double[] {0, 1e15f, 0, 1e4},
                        Workbench.values(device, y),
                        Tolerance.roundings(1));
                TensorAssert.assertClose(
                        form + " dx", new double[] {0, 1, 0, 1}, Workbench.values(device, dx), Tolerance.roundings(1));
            }
        }
    }
}
