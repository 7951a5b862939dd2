package dev.tandem.testkit.vectors;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Tensor;
import dev.tandem.testkit.ReferenceBackend;
import java.util.ArrayList;
import java.util.List;

/// Collects the comparisons of one file on one backend and knows their bounds.
///
/// A backend that computes in F32 is judged by the file's `atol.NAME`. The float64 reference by
/// `1e-12·max|NAME|`, or `2⁻²⁹·atol.NAME` where that is more: what the bound of F32 becomes with
/// the precision of F64. Options that the kernels take as `float` widen the latter, see [#rounded].
public final class Comparisons {
    private static final double RELATIVE_F64 = 1e-12;
    private static final double F64_BY_F32 = 0x1p-29;
    // an option enters a result at most as its fourth power: twice in a norm, squared in a moment
    private static final double LARGEST_POWER = 4;

    private final VectorFile file;
    private final Backend backend;
    private final List<Comparison> comparisons = new ArrayList<>();
    private String suffix = "";
    private double rounding;

    /// Nothing compared yet.
    public Comparisons(VectorFile file, Backend backend) {
        this.file = file;
        this.backend = backend;
    }

    /// Appends a remark to the names of all comparisons to come, such as the path that was taken.
    public void remark(String remark) {
        suffix = remark.isEmpty() ? "" : " (" + remark + ")";
    }

    /// An option as the `float` that a kernel takes. Its relative rounding is allowed to the
    /// results of the reference that are compared from then on.
    public float rounded(double option) {
        float single = (float) option;
        if (option != 0) {
            rounding = Math.max(rounding, Math.abs(single - option) / Math.abs(option));
        }
        return single;
    }

    /// The values of an `F32` tensor, not rounded where the backend is the reference.
    public double[] values(Tensor tensor) {
        if (ReferenceBackend.holds(tensor)) {
            return ReferenceBackend.doubles(tensor);
        }
        float[] floats = backend.floats(tensor);
        double[] values = new double[floats.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = floats[i];
        }
        return values;
    }

    /// Compares a tensor with the result of that name.
    public void floats(String name, Tensor tensor) {
        floats(name, values(tensor));
    }

    /// Compares values with the result of that name.
    public void floats(String name, double... found) {
        double[] wanted = file.tensor(name).doubles();
        sameLength(name, wanted.length, found.length);
        double error = 0;
        double largest = 0;
        for (int i = 0; i < wanted.length; i++) {
            largest = Math.max(largest, Math.abs(wanted[i]));
            double deviation = Math.abs(found[i] - wanted[i]);
            error = deviation <= error ? error : deviation; // lets NaN through
            if (Double.isNaN(error)) {
                break;
            }
        }
        comparisons.add(new Comparison(name + suffix, error, bound(name, largest)));
    }

    /// Compares integers with the result of that name.
    public void integers(String name, int... found) {
        exactly(name, file.tensor(name).integers(), found);
    }

    /// Compares integers.
    public void exactly(String name, int[] wanted, int[] found) {
        sameLength(name, wanted.length, found.length);
        int different = 0;
        for (int i = 0; i < wanted.length; i++) {
            different += wanted[i] == found[i] ? 0 : 1;
        }
        comparisons.add(new Comparison(name + suffix, different, 0));
    }

    /// What was compared so far.
    public List<Comparison> list() {
        return List.copyOf(comparisons);
    }

    private double bound(String name, double largest) {
        double single = file.number("atol." + name);
        if (!backend.name().equals(ReferenceBackend.NAME)) {
            return single;
        }
        return Math.max(RELATIVE_F64 * largest, F64_BY_F32 * single) + LARGEST_POWER * rounding * largest;
    }

    private static void sameLength(String name, int wanted, int found) {
        if (wanted != found) {
            throw new MalformedVector("'%s' has %d elements, the computation gives %d".formatted(name, wanted, found));
        }
    }
}
