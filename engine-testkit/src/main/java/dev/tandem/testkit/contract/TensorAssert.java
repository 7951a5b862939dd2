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
        double largest = 0;
        for (int i = 0; i < wanted.length; i++) {
            if (counts.test(i) && Double.isFinite(wanted[i])) {
                largest = Math.max(largest, Math.abs(wanted[i]));
            }
        }
        double worst = 0;
        int where = -1;
        for (int i = 0; i < wanted.length; i++) {
            if (!counts.test(i) || wanted[i] == found[i]) {
                continue;
            }
            // below the smallest normal number F32 has no relative precision left
            double allowed = Math.max(tolerance.allowed(wanted[i], largest), Float.MIN_NORMAL);
            double severity = Math.abs(wanted[i] - found[i]) / allowed;
            if (!(severity <= worst)) {
                worst = severity;
                where = i;
            }
            if (Double.isNaN(severity)) {
                break;
            }
        }
        if (!(worst <= 1)) {
            Assertions.fail("%s: element %d must be %.9g, was %.9g: %.3g times the tolerance of %.3g"
                    .formatted(
                            name,
                            where,
                            wanted[where],
                            found[where],
                            worst,
                            tolerance.allowed(wanted[where], largest)));
        }
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
