package dev.tandem.lab.evaluation;

import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/// How much less training compute one family needs than another for the same performance:
///
///     speedup(t) = c_dense(t) / c_moe(t)
///
/// with `c(t)` of [CostCurve]. Above 1 the mixture of experts is the cheaper one.
///
/// @param target the performance `t`
/// @param dense cost of the dense family for it
/// @param moe cost of the mixture-of-experts family for it, in the same unit
public record SpeedupFactor(double target, double dense, double moe) {

    /// `dense / moe`.
    public double factor() {
        return dense / moe;
    }

    /// The factor at every knot: the metric of each point of either family that both families
    /// reach, from the cheapest to the dearest dense cost. Empty if the families have no common
    /// range.
    ///
    /// @throws IllegalArgumentException if the curves disagree on which values are better
    public static List<SpeedupFactor> atKnots(CostCurve dense, CostCurve moe) {
        var targets = Stream.concat(dense.points().stream(), moe.points().stream())
                .map(CostCurve.Point::metric)
                .distinct()
                .toList();
        return at(targets, dense, moe);
    }

    /// The factor at the given targets; those outside the common range are left out.
    ///
    /// @throws IllegalArgumentException if the curves disagree on which values are better
    public static List<SpeedupFactor> at(List<Double> targets, CostCurve dense, CostCurve moe) {
        if (dense.better() != moe.better()) {
            throw new IllegalArgumentException("both curves must agree on which values are better");
        }
        return targets.stream()
                .flatMap(t -> at(t, dense, moe))
                .sorted(Comparator.comparingDouble(SpeedupFactor::dense))
                .toList();
    }

    private static Stream<SpeedupFactor> at(double t, CostCurve dense, CostCurve moe) {
        var denseCost = dense.cost(t);
        var moeCost = moe.cost(t);
        return denseCost.isPresent() && moeCost.isPresent()
                ? Stream.of(new SpeedupFactor(t, denseCost.getAsDouble(), moeCost.getAsDouble()))
                : Stream.empty();
    }
}
