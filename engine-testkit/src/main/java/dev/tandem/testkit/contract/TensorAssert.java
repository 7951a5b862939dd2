package dev.tandem.testkit.contract;

import java.util.function.IntPredicate;
import org.junit.jupiter.api.Assertions;

/// Compares the elements of tensors.
public final class TensorAssert {
    private TensorAssert() {}

    /// Every element agrees. The message names the worst one.
    public static void assertClose(String name, double[] wanted, double[] found, Tolerance tolerance) {
        assertClose(name, wanted, found, tolerance, i -> true);
    }

    /// Every element that counts agrees. NaN agrees with nothing, an infinity with itself.
    public static void assertClose(
            String name, double[] wanted, double[] found, Tolerance tolerance, IntPredicate counts) {
        Assertions.assertEquals(wanted.length, found.length, name + ": number of elements");
        Worst worst = worst(wanted, found, tolerance, counts);
        if (!(worst.severity() <= 1)) {
            int where = worst.element();
            Assertions.fail("%s: element %d must be %.9g, was %.9g: %.3g times the tolerance of %.3g"
                    .formatted(name, where, wanted[where], found[where], worst.severity(), worst.allowed()));
        }
    }

    /// The element that is furthest off.
    ///
    /// @param element its index, −1 where none is off at all
    /// @param severity how far, in units of the tolerance; NaN if one of the values is
    /// @param allowed the tolerance there
    record Worst(int element, double severity, double allowed) {}

    static Worst worst(double[] wanted, double[] found, Tolerance tolerance, IntPredicate counts) {
        double largest = 0;
        for (int i = 0; i < wanted.length; i++) {
            if (counts.test(i) && Double.isFinite(wanted[i])) {
                largest = Math.max(largest, Math.abs(wanted[i]));
            }
        }
        var worst = new Worst(-1, 0, 0);
        for (int i = 0; i < wanted.length && !Double.isNaN(worst.severity()); i++) {
            if (!counts.test(i) || wanted[i] == found[i]) {
                continue;
            }
            double allowed = tolerance.allowed(wanted[i], largest);
            // below the smallest normal number F32 has no relative precision left
            double severity = Math.abs(wanted[i] - found[i]) / Math.max(allowed, Float.MIN_NORMAL);
            if (!(severity <= worst.severity())) {
                worst = new Worst(i, severity, allowed);
            }
        }
        return worst;
    }

    /// Every element has the same bits.
    public static void assertSameBits(String name, double[] wanted, double[] found) {
        Assertions.assertEquals(wanted.length, found.length, name + ": number of elements");
        for (int i = 0; i < wanted.length; i++) {
            if (Double.doubleToRawLongBits(wanted[i]) != Double.doubleToRawLongBits(found[i])) {
                Assertions.fail("%s: element %d was %s, then %s: the bits must be the same"
                        .formatted(name, i, wanted[i], found[i]));
            }
        }
    }
}
