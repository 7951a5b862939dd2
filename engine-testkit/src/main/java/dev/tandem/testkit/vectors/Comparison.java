package dev.tandem.testkit.vectors;

/// How far one result is from what was expected.
///
/// @param name the result, as the file calls it
/// @param error largest absolute deviation; for integers the number of elements that differ
/// @param bound largest error allowed; 0 for integers
public record Comparison(String name, double error, double bound) {
    /// Whether the error stays within its bound. NaN does not.
    public boolean passed() {
        return error <= bound;
    }

    /// Error as a part of its bound, infinite where nothing is allowed; the larger, the worse.
    public double severity() {
        if (Double.isNaN(error)) {
            return Double.POSITIVE_INFINITY;
        }
        return bound > 0 ? error / bound : error > 0 ? Double.POSITIVE_INFINITY : 0;
    }

    @Override
    public String toString() {
        return "%s %.2g of %.2g".formatted(name, error, bound);
    }
}
