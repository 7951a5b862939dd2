package dev.tandem.bench.report;

import dev.tandem.bench.BadInputException;
import java.util.Arrays;

/// Repeated measurements of one quantity, judged by their middle, which one disturbed round does
/// not move.
public final class Samples {
    // Of a normal distribution: standard deviations per median deviation, and of the median per mean.
    private static final double DEVIATION_PER_MEDIAN_DEVIATION = 1.4826;
    private static final double MEDIAN_PENALTY = 1.2533;

    private static final double SMALLEST = 0.03;
    private static final double STANDARD_ERRORS = 3;
    private static final double FEW = 4;

    private final double[] values;

    /// @param values at least one
    public Samples(double... values) {
        if (values.length == 0) {
            throw new IllegalArgumentException("there must be at least one sample");
        }
        this.values = values.clone();
    }

    static Samples of(Json json) {
        double[] numbers = json.numbers();
        if (numbers.length == 0) {
            throw new BadInputException(
                    json.where(), "it is empty", "Give a bench.json that 'tandem bench' has written");
        }
        return new Samples(numbers);
    }

    double[] values() {
        return values.clone();
    }

    double median() {
        return median(values);
    }

    double max() {
        return Arrays.stream(values).max().orElseThrow();
    }

    /// Standard error of the median, as part of it.
    double uncertainty() {
        double middle = median();
        double[] deviations =
                Arrays.stream(values).map(value -> Math.abs(value - middle)).toArray();
        double deviation = DEVIATION_PER_MEDIAN_DEVIATION * median(deviations);
        return MEDIAN_PENALTY * deviation / Math.sqrt(values.length) / Math.abs(middle);
    }

    /// Up to this relative difference of the median from a constant, nothing is claimed: three standard errors, more
    /// where samples are few, and at least 3 %.
    double noise() {
        return Math.max(SMALLEST, spread());
    }

    /// The same for two medians.
    double noise(Samples other) {
        return Math.max(SMALLEST, Math.hypot(spread(), other.spread()));
    }

    /// As Student's distribution would have it, roughly: twice as much for three rounds as for many.
    private double spread() {
        double free = Math.max(1, values.length - 1);
        return STANDARD_ERRORS * (1 + FEW / (free * free)) * uncertainty();
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
