package dev.tandem.bench;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Tensor;
import dev.tandem.gpt.Precision;
import dev.tandem.testkit.ReferenceBackend;
import java.util.Arrays;

/// Compares what two backends made of the same problem. A fast kernel that computes something else
/// is not timed.
final class Agreement {
    private static final double EPSILON = 0x1p-23;

    // Calls feed each other, and each rounds: products, exponentials, normalizations.
    private static final double ROUNDINGS = 32;

    // A value beside a tie is rounded to either side, and so are the few that were made of it.
    private static final double BF16_EPSILON = 0x1p-8;
    private static final double BF16_ROUNDINGS = 4;

    private Agreement() {}

    /// Runs both problems and compares their results; the second is taken for right.
    ///
    /// @throws IllegalStateException if they differ by more than rounding
    static void require(Problem tried, Problem trusted, Precision precision) {
        tried.run();
        trusted.run();
        double tolerance = ROUNDINGS * EPSILON * Math.sqrt(trusted.terms())
                + switch (precision) {
                    case F32 -> 0;
                    case BF16 -> BF16_ROUNDINGS * BF16_EPSILON;
                };
        for (int i = 0; i < trusted.results().size(); i++) {
            compare(tried.results().get(i), trusted.results().get(i), tolerance);
        }
    }

    private static void compare(Tensor found, Tensor wanted, double tolerance) {
        double[] wantedValues = values(wanted);
        double[] foundValues = values(found);
        double largest = Arrays.stream(wantedValues).map(Math::abs).max().orElse(0);
        double allowed = found.type() == ElementType.I32 ? 0 : tolerance * largest;
        for (int i = 0; i < wantedValues.length; i++) {
            double difference = Math.abs(foundValues[i] - wantedValues[i]);
            if (!(difference <= allowed)) {
                throw new IllegalStateException("%s, element %d: found %s, the float64 reference says %s; %s allowed"
                        .formatted(found.name(), i, foundValues[i], wantedValues[i], allowed));
            }
        }
    }

    private static double[] values(Tensor tensor) {
        Backend backend = tensor.storage().region().backend();
        if (tensor.type() == ElementType.I32) {
            return Arrays.stream(backend.integers(tensor)).asDoubleStream().toArray();
        }
        if (ReferenceBackend.holds(tensor)) {
            return ReferenceBackend.doubles(tensor);
        }
        float[] floats = backend.floats(tensor);
        var values = new double[floats.length];
        Arrays.setAll(values, i -> floats[i]);
        return values;
    }
}
