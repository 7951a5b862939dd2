package dev.tandem.testkit.contract;

import java.util.function.IntPredicate;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/// The values of one result of a [Trial] on one backend.
final class Outcome {
    private final String name;
    private final double[] values;
    private final Tolerance tolerance;
    private final IntPredicate counts;
    private final boolean integer;

    /// @param name what the trial calls it
    /// @param values floats or integers, as doubles
    /// @param tolerance how far from the reference they may be
    /// @param counts which elements are specified
    /// @param integer whether they are integers
    Outcome(String name, double[] values, Tolerance tolerance, IntPredicate counts, boolean integer) {
        this.name = name;
        this.values = values.clone();
        this.tolerance = tolerance;
        this.counts = counts;
        this.integer = integer;
    }

    String name() {
        return name;
    }

    /// Whether elements of the two are compared as integers.
    boolean isInteger() {
        return integer;
    }

    /// How far what a backend gave is from this, in units of the tolerance.
    double distance(Outcome found) {
        return TensorAssert.worst(values, found.values, tolerance, counts).severity();
    }

    /// This, being the expectation, with another tolerance.
    Outcome judgedBy(UnaryOperator<Tolerance> change) {
        return new Outcome(name, values, change.apply(tolerance), counts, integer);
    }

    /// This, being the expectation, against what a backend gave.
    void assertClose(Outcome found) {
        TensorAssert.assertClose(name, values, found.values, tolerance, counts);
    }

    /// The same bits where they are specified.
    void assertSameBits(Outcome found) {
        TensorAssert.assertSameBits(name, specified(), found.specified());
    }

    private double[] specified() {
        return IntStream.range(0, values.length)
                .filter(counts)
                .mapToDouble(i -> values[i])
                .toArray();
    }
}
