package dev.tandem.testkit;

import dev.tandem.engine.ElementType;
import dev.tandem.engine.Region;
import dev.tandem.engine.Role;
import dev.tandem.engine.Shape;
import dev.tandem.engine.Storage;

/// Memory of the reference: doubles for floats, ints for `I32`, row-major whatever the role. `Q8` has the
/// values as doubles and the scales that they are multiples of.
final class ReferenceStorage extends Storage {
    private final double[] doubles;
    private final int[] integers;
    private final float[] scales;

    ReferenceStorage(Region region, String name, Role role, ElementType type, Shape shape) {
        super(region, name, role, type, shape);
        int elements = Math.toIntExact(shape.elements());
        this.doubles = new double[type != ElementType.I32 ? elements : 0];
        this.integers = new int[type == ElementType.I32 ? elements : 0];
        this.scales = new float[type == ElementType.Q8 ? Math.toIntExact(shape.rows()) : 0];
    }

    double[] doubles() {
        return doubles;
    }

    int[] integers() {
        return integers;
    }

    /// Of every row.
    float[] scales() {
        return scales;
    }

    long bytes() {
        return (long) doubles.length * Double.BYTES + (integers.length + (long) scales.length) * Integer.BYTES;
    }
}
