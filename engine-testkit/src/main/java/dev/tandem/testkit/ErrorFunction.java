package dev.tandem.testkit;

/// The error function to about 1e-15, which `java.lang.Math` lacks.
///
///     erf(x)  = 2/√π · e^(−x²) · Σ_k 2^k x^(2k+1) / (1·3·…·(2k+1))
///     erfc(x) = e^(−x²)/√π · 1/(x + (1/2)/(x + (2/2)/(x + (3/2)/(x + …))))     x > 0
///
/// Source: Abramowitz and Stegun, 7.1.6 and 7.1.14.
final class ErrorFunction {
    private static final double SERIES_BELOW = 2.5;
    private static final int FRACTION_TERMS = 120;

    private ErrorFunction() {}

    static double erfc(double x) {
        if (x < SERIES_BELOW) {
            return 1 - erf(x);
        }
        double fraction = x;
        for (int k = FRACTION_TERMS; k >= 1; k--) {
            fraction = x + 0.5 * k / fraction;
        }
        return Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction);
    }

    static double erf(double x) {
        if (x > SERIES_BELOW) {
            return 1 - erfc(x);
        }
        if (x < -SERIES_BELOW) {
            return erfc(-x) - 1;
        }
        double term = x;
        double sum = x;
        for (int k = 1; Math.abs(term) > Math.abs(sum) * 0x1p-55; k++) {
            term *= 2 * x * x / (2 * k + 1);
            sum += term;
        }
        return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
    }
}
