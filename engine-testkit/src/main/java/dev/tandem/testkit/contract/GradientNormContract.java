package dev.tandem.testkit.contract;

import dev.tandem.engine.ElementType;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.GradientNorm;
import java.util.List;
import java.util.Set;

/// What [GradientNorm] has to keep.
public abstract class GradientNormContract extends KernelContract {
    // squares are summed in F64: products of scale and gradient, root and quotient are rounded
    private static final Tolerance FEW_ROUNDINGS = Tolerance.roundings(4);

    @Override
    protected List<Trial> trials() {
        return cases();
    }

    static List<Trial> cases() {
        return List.of(
                Trial.of("small", on -> norm(on, 1, 0.5f)),
                Trial.of("no clipping", on -> norm(on, 1, 0)),
                Trial.of("below the clip", on -> norm(on, 1, 1e6f)),
                Trial.of("tiny gradients", on -> norm(on, 1e-18, 1)),
                Trial.of("huge gradients", on -> norm(on, 1e18, 1)),
                Trial.of("many", GradientNormContract::many));
    }

    /// A gradient may have any shape.
    @Override
    protected Set<Integer> tolerant(Sabotage.Kind kind) {
        return kind == Sabotage.Kind.WIDER ? Set.of(0, 1, 2) : Set.of();
    }

    private static void norm(Workbench on, double deviation, float clip) {
        Tensor matrix = on.input("matrix", ElementType.F32, Role.WEIGHT, deviation, 23, 17);
        Tensor stack = on.input("stack", ElementType.F32, Role.WEIGHT, deviation, 3, 9, 35);
        Tensor vector = on.input("vector", Role.STATE, deviation, 101);
        Tensor norm = on.statistic("norm", FEW_ROUNDINGS, 2);
        on.kernels()
                .gradientNorm()
                .forward(
                        norm,
                        List.of(
                                new GradientNorm.Gradient(matrix, 1),
                                new GradientNorm.Gradient(stack, 0.3f),
                                new GradientNorm.Gradient(vector, 1)),
                        clip);
    }

    private static void many(Workbench on) {
        Tensor large = on.input("large", ElementType.F32, Role.WEIGHT, 1, 300, 500);
        Tensor norm = on.statistic("norm", FEW_ROUNDINGS, 2);
        on.kernels().gradientNorm().forward(norm, List.of(new GradientNorm.Gradient(large, 1)), 1);
    }
}
