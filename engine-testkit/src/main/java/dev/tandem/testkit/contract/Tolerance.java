package dev.tandem.testkit.contract;

import dev.tandem.engine.ElementType;

/// How far F32 may be from F64, and BF16 from F64 that is rounded to BF16.
///
/// @param relative largest deviation, as a part of the scale
/// @param byElement whether the scale is each element's own magnitude; otherwise it is the largest of the
///     tensor, because terms of a sum cancel and leave the rounding of the largest behind
/// @param stored what the rounding of stored values adds, as a part of each element's own magnitude
public record Tolerance(double relative, boolean byElement, double stored) {
    private static final double EPSILON = 0x1p-23;

    // Several roundings stand behind every term: of the product, of an exponential good to 2 ulp, of a
    // normalization.
    private static final double ROUNDINGS = 4;

    // Half a unit in the last place of 8 bits.
    private static final double BF16_ROUNDING = 0x1p-8;

    /// For a sum of that many terms: `4·ε·√terms` of the tensor's largest element.
    public static Tolerance reduction(int terms) {
        return new Tolerance(ROUNDINGS * EPSILON * Math.sqrt(Math.max(1, terms)), false, 0);
    }

    /// For a value computed by few roundings: that many `ε` of each element.
    public static Tolerance roundings(int count) {
        return new Tolerance(count * EPSILON, true, 0);
    }

    /// For a value that is only moved.
    public static Tolerance exact() {
        return new Tolerance(0, true, 0);
    }

    /// This tolerance times a factor.
    ///
    /// @param reason why the plain one does not hold
    public Tolerance widened(double factor, String reason) {
        if (reason.isBlank()) {
            throw new IllegalArgumentException("a tolerance is widened for a reason");
        }
        return new Tolerance(relative * factor, byElement, stored);
    }

    /// This tolerance for a result of that type. Where both sides round to BF16, the little that they
    /// differ by before may put them on two sides of a tie, a whole unit apart. What is only moved stays
    /// exact.
    Tolerance in(ElementType type) {
        boolean rounds = type == ElementType.BF16 && relative > 0;
        return rounds ? new Tolerance(relative, byElement, 2 * BF16_ROUNDING) : this;
    }

    /// This tolerance for results of values that may have been rounded to a type on the way.
    ///
    /// @param units how many units of rounding, of the tensor's largest element, that makes; one for a sum
    ///     whose terms have either sign
    public Tolerance through(ElementType type, int units) {
        return type == ElementType.BF16 ? new Tolerance(relative + units * BF16_ROUNDING, false, stored) : this;
    }

    /// The largest deviation allowed where `wanted` is expected in a tensor whose largest element
    /// is `largest`.
    double allowed(double wanted, double largest) {
        return relative * (byElement ? Math.abs(wanted) : largest) + stored * Math.abs(wanted);
    }
}
