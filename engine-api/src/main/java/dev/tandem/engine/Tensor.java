package dev.tandem.engine;

/// Names a dense row-major block of a [Storage]; owns nothing.
///
/// @param storage the memory
/// @param offset first element, counted in row-major order from the start of the allocation
/// @param shape extents, outermost first
public record Tensor(Storage storage, long offset, Shape shape) {
    /// Refuses a block that leaves its allocation.
    public Tensor {
        long available = storage.shape().elements();
        if (offset < 0 || offset > available - shape.elements()) {
            throw new IllegalArgumentException("tensor '%s': %s at element %d leaves its allocation %s"
                    .formatted(storage.name(), shape, offset, storage.shape()));
        }
        int columns = storage.shape().last();
        if (storage.type() == ElementType.Q8 && (shape.last() != columns || offset % columns != 0)) {
            throw new IllegalArgumentException(
                    "tensor '%s': %s at element %d divides a row of Q8, which has one scale; slice whole rows of %s"
                            .formatted(storage.name(), shape, offset, storage.shape()));
        }
    }

    /// Type of the elements.
    public ElementType type() {
        return storage.type();
    }

    /// The name given at allocation.
    public String name() {
        return storage.name();
    }

    /// Rows `first … first + count − 1` of the outermost dimension. Shares memory with this tensor.
    ///
    /// Kernels that multiply by a weight want whole matrices: slice a `[E, out, in]` stack by
    /// expert, a single `[out, in]` matrix only to upload, download or fill some of its rows.
    public Tensor slice(int first, int count) {
        if (first < 0 || count < 1 || first > shape.extent(0) - count) {
            throw new IllegalArgumentException(
                    "tensor '%s' %s has no rows %d to %d".formatted(name(), shape, first, first + count - 1));
        }
        long rowElements = shape.elements() / shape.extent(0);
        return new Tensor(storage, offset + first * rowElements, shape.withOutermost(count));
    }

    /// Entry `index` of the outermost dimension, one dimension less. Shares memory with this
    /// tensor.
    public Tensor at(int index) {
        Tensor row = slice(index, 1);
        return new Tensor(storage, row.offset, shape.withoutOutermost());
    }

    /// The same elements under another shape. Shares memory with this tensor.
    ///
    /// @throws IllegalArgumentException if the number of elements differs, or the tensor is a
    ///     weight, whose layout follows its shape
    public Tensor reshape(int... extents) {
        Shape changed = Shape.of(extents);
        if (changed.elements() != shape.elements()) {
            throw new IllegalArgumentException("tensor '%s' %s cannot be seen as %s: the number of elements differs"
                    .formatted(name(), shape, changed));
        }
        if (storage.role() == Role.WEIGHT && !changed.equals(shape)) {
            throw new IllegalArgumentException("tensor '%s' is a weight; allocate it as %s".formatted(name(), changed));
        }
        return new Tensor(storage, offset, changed);
    }
}
