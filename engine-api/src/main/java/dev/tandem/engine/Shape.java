package dev.tandem.engine;

import java.util.Arrays;

/// Extents of a dense tensor, outermost first. Immutable.
public final class Shape {
    private final int[] extents;
    private final long elements;

    private Shape(int[] extents) {
        this.extents = extents;
        long product = 1;
        for (int extent : extents) {
            if (extent < 1) {
                throw new IllegalArgumentException("every extent must be at least 1, was " + Arrays.toString(extents));
            }
            product = Math.multiplyExact(product, extent);
        }
        this.elements = product;
    }

    /// A shape of one to four extents.
    ///
    /// @throws IllegalArgumentException if there are none or more than four, or one is below 1
    /// @throws ArithmeticException if the product of the extents exceeds a `long`
    public static Shape of(int... extents) {
        if (extents.length < 1 || extents.length > 4) {
            throw new IllegalArgumentException("a shape has 1 to 4 extents, was " + Arrays.toString(extents));
        }
        return new Shape(extents.clone());
    }

    /// Number of extents.
    public int rank() {
        return extents.length;
    }

    /// The extent of one dimension; 0 is the outermost.
    public int extent(int dimension) {
        return extents[dimension];
    }

    /// The innermost extent.
    public int last() {
        return extents[extents.length - 1];
    }

    /// The product of all extents.
    public long elements() {
        return elements;
    }

    /// The product of all extents but the innermost.
    public long rows() {
        return elements / last();
    }

    /// This shape with another outermost extent.
    public Shape withOutermost(int extent) {
        int[] changed = extents.clone();
        changed[0] = extent;
        return new Shape(changed);
    }

    /// This shape without its outermost extent.
    ///
    /// @throws IllegalStateException if it has only one
    public Shape withoutOutermost() {
        if (rank() == 1) {
            throw new IllegalStateException("a shape of one extent has no inner shape: " + this);
        }
        return new Shape(Arrays.copyOfRange(extents, 1, extents.length));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape shape && Arrays.equals(extents, shape.extents);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(extents);
    }

    @Override
    public String toString() {
        return Arrays.toString(extents);
    }
}
