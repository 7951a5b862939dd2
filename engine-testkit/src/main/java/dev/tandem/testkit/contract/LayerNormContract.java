package dev.tandem.testkit.contract;

import static dev.tandem.testkit.contract.Tolerance.reduction;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.LayerNorm;
import dev.tandem.testkit.Cases;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What [LayerNorm] has to keep.
public abstract class LayerNormContract extends KernelContract {
    private static final float EPSILON = 1e-5f;

    @Override
    protected List<Trial> trials() {
        return cases();
    }

    static List<Trial> cases() {
        return Cases.LAYER_NORM.stream()
                .map(sizes -> Trial.of(sizes.toString(), on -> both(on, sizes.N(), sizes.C())))
                .toList();
    }

    private static void both(Workbench on, int N, int C) {
        Tensor x = on.input("x", N, C);
        Tensor gain = on.input("gain", Role.STATE, 1, C);
        Tensor bias = on.input("bias", Role.STATE, 1, C);
        Tensor dy = on.input("dy", N, C);
        Tensor y = on.result("y", reduction(C), N, C);
        var saved = new LayerNorm.Saved(on.statistic("mean", reduction(C), N), on.statistic("rstd", reduction(C), N));
        Tensor dx = on.result("dx", reduction(C), N, C);
        Tensor dGain = on.accumulated("dGain", reduction(N), Role.STATE, C);
        Tensor dBias = on.accumulated("dBias", reduction(N), Role.STATE, C);
        LayerNorm kernel = on.kernels().layerNorm();
        kernel.forward(y, saved, x, gain, bias, EPSILON);
        kernel.backward(dx, dGain, dBias, dy, saved, x, gain);
    }

    @Test
    void gradientOfTheInputMayReplaceTheOneOfTheOutput() {
        int N = 5;
        int C = 37;
        Aliasing.givesTheSame(this::open, on -> both(on, N, C), on -> {
            Tensor x = on.input("x", N, C);
            Tensor gain = on.input("gain", Role.STATE, 1, C);
            Tensor bias = on.input("bias", Role.STATE, 1, C);
            Tensor dy = on.input("dy", N, C);
            Tensor y = on.result("y", reduction(C), N, C);
            var saved =
                    new LayerNorm.Saved(on.statistic("mean", reduction(C), N), on.statistic("rstd", reduction(C), N));
            on.judged("dx", reduction(C), dy);
            Tensor dGain = on.accumulated("dGain", reduction(N), Role.STATE, C);
            Tensor dBias = on.accumulated("dBias", reduction(N), Role.STATE, C);
            LayerNorm kernel = on.kernels().layerNorm();
            kernel.forward(y, saved, x, gain, bias, EPSILON);
            kernel.backward(dy, dGain, dBias, dy, saved, x, gain);
        });
    }

    @Test
    void aLargeMeanCostsNoDigitsOfTheVariance() {
        var trial = Trial.of("mean 1000", on -> {
            int C = 96;
            float[] values = new float[2 * C];
            for (int i = 0; i < values.length; i++) {
                values[i] = 1000 + i % 7;
            }
            Tensor x = on.input("x", Role.ACTIVATION, values, 2, C);
            Tensor gain = on.input("gain", Role.STATE, 1, C);
            Tensor bias = on.input("bias", Role.STATE, 1, C);
            // a deviation of 2 on top of 1000: the differences carry the rounding of the mean
            Tolerance tolerance = reduction(C).widened(1000, "x is 1000 times its deviation");
            Tensor y = on.result("y", tolerance, 2, C);
            var saved = new LayerNorm.Saved(on.result("mean", reduction(C), 2), on.result("rstd", reduction(C), 2));
            on.kernels().layerNorm().forward(y, saved, x, gain, bias, EPSILON);
        });
        try (Backend device = open()) {
            compare(wanted(trial), outcomes(device, trial, false));
        }
    }
}
