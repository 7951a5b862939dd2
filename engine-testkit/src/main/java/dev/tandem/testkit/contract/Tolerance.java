package dev.tandem.testkit.contract;

/// How far F32 may be from F64.
///
/// @param relative largest deviation, as a part of the scale
/// @param byElement whether the scale is each element's own magnitude; otherwise it is the largest of the
///     tensor, because terms of a sum cancel and leave the rounding of the largest behind
public record Tolerance(double relative, boolean byElement) {
    private static final double EPSILON = 0x1p-23;

    // Several roundings stand behind every term: of the product, of an exponential good to 2 ulp, of a
    // normalization.
    private static final double ROUNDINGS = 4;

    /// For a sum of that many terms: `4·ε·√terms` of the tensor's largest element.
    public static Tolerance reduction(int terms) {
        return new Tolerance(ROUNDINGS * EPSILON * Math.sqrt(Math.max(1, terms)), false);
    }

    /// For a value computed by few roundings: that many `ε` of each element.
    public static Tolerance roundings(int count) {
        return new Tolerance(count * EPSILON, true);
    }

    /// For a value that is only moved.
    public static Tolerance exact() {
        return new Tolerance(0, true);
    }

    /// This tolerance times a factor.
    ///
    /// @param reason why the plain one does not hold
    public Tolerance widened(double factor, String reason) {
        if (reason.isBlank()) {
            throw new IllegalArgumentException("a tolerance is widened for a reason");
        }
        return new Tolerance(relative * factor, byElement);
    }

    /// The largest deviation allowed where `wanted` is expected in a tensor whose largest element
    /// is `largest`.
    double allowed(double wanted, double largest) {
        return relative * (byElement ? Math.abs(wanted) : largest);
    }
}
