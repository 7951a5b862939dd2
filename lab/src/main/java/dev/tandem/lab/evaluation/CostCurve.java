package dev.tandem.lab.evaluation;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalDouble;

/// What one family of models reaches for what training cost, and so what a wanted performance
/// costs.
///
///     c(t) = c_i · (c_{i+1} / c_i)^((t − t_i) / (t_{i+1} − t_i))        t between t_i and t_{i+1}
///
/// Between neighbouring points the metric is linear in log(cost). There is no extrapolation.
///
/// `c(t)` must be one number, so the curve keeps only points that are better than every cheaper one: the cost at which
/// `t` is
/// *first* reached. A measurement that fell behind a cheaper one is left out, which [#dropped] tells.
/// Source: paper of the experiment, figure of the speedup factor;
/// <https://arxiv.org/abs/2112.10684>.
public final class CostCurve {
    /// Which values of the metric are better.
    public enum Better {
        /// Perplexity, loss.
        LOWER,
        /// Accuracy in per cent.
        HIGHER;

        boolean improves(double metric, double best) {
            return this == LOWER ? metric < best : metric > best;
        }
    }

    /// A measured model.
    ///
    /// @param cost training cost, greater than zero, in any unit common to both families
    /// @param metric perplexity or accuracy as it is, not its logarithm
    public record Point(double cost, double metric) {
        public Point {
            if (!(cost > 0) || !Double.isFinite(cost) || !Double.isFinite(metric)) {
                throw new IllegalArgumentException(
                        "a point needs a finite cost above 0 and a finite metric, was cost %s, metric %s"
                                .formatted(cost, metric));
            }
        }
    }

    private final List<Point> points;
    private final int dropped;
    private final Better better;

    private CostCurve(List<Point> points, int dropped, Better better) {
        this.points = List.copyOf(points);
        this.dropped = dropped;
        this.better = better;
    }

    /// The curve through the points, in any order; equal costs keep the better one.
    public static CostCurve through(List<Point> measured, Better better) {
        var ascending = new ArrayList<>(measured);
        Comparator<Point> metric = Comparator.comparingDouble(Point::metric);
        ascending.sort(Comparator.comparingDouble(Point::cost)
                .thenComparing(better == Better.LOWER ? metric : metric.reversed()));
        var improving = new ArrayList<Point>();
        for (var point : ascending) {
            if (improving.isEmpty()
                    || better.improves(point.metric(), improving.getLast().metric())) {
                improving.add(point);
            }
        }
        return new CostCurve(improving, measured.size() - improving.size(), better);
    }

    /// The points in use: cost rises and the metric improves from each to the next.
    public List<Point> points() {
        return points;
    }

    /// How many measured points were no better than a cheaper one.
    public int dropped() {
        return dropped;
    }

    /// Which values are better.
    public Better better() {
        return better;
    }

    /// Cost at which the metric first reaches `t`; empty outside the measured range.
    public OptionalDouble cost(double t) {
        for (int i = 0; i < points.size(); i++) {
            var point = points.get(i);
            if (point.metric() == t) {
                return OptionalDouble.of(point.cost());
            }
            if (i + 1 < points.size()) {
                var next = points.get(i + 1);
                double share = (t - point.metric()) / (next.metric() - point.metric());
                if (share > 0 && share < 1) {
                    return OptionalDouble.of(point.cost() * Math.pow(next.cost() / point.cost(), share));
                }
            }
        }
        return OptionalDouble.empty();
    }
}
