package dev.tandem.cpu;

import dev.tandem.engine.ElementType;
import dev.tandem.engine.Shape;

/// How weights lie in memory: E matrices `[out, in]` back to back, each as panels
/// `[ceil(out / WIDTH)][in][WIDTH]`, so that a product reads them in the order of addresses.
///
/// Lanes past `out` hold zeros and stay zero: gradients there are zero, and element-wise updates
/// of zeros by zeros are zeros.
///
/// In types of fewer bytes each 32-bit lane of a vector holds several elements of a panel, from the lowest bits on:
///
/// | type | a lane `j` holds                                                                     | a vector |
/// |------|--------------------------------------------------------------------------------------|----------|
/// | BF16 | columns `j` and `j + LENGTH` of a step                                               | one step |
/// | Q8   | the same of a step and of the next; the scales of the columns lead the panel, in F32 | two      |
///
/// @param E matrices
/// @param out rows of each
/// @param in columns of each
/// @param type of the elements
record PanelLayout(int E, int out, int in, ElementType type) {
    /// Weights of F32.
    PanelLayout(int E, int out, int in) {
        this(E, out, in, ElementType.F32);
    }

    static PanelLayout of(ElementType type, Shape shape) {
        return switch (shape.rank()) {
            case 2 -> new PanelLayout(1, shape.extent(0), shape.extent(1), type);
            case 3 -> new PanelLayout(shape.extent(0), shape.extent(1), shape.extent(2), type);
            default -> throw new IllegalArgumentException("a weight must be [out, in] or [E, out, in], was " + shape);
        };
    }

    /// Whether elements take fewer bytes than those the tiles multiply.
    boolean narrow() {
        return type != ElementType.F32;
    }

    int panels() {
        return Math.ceilDiv(out, GemmTile.WIDTH);
    }

    long panelBytes() {
        return stepOffset(in);
    }

    long matrixBytes() {
        return Math.multiplyExact(panels(), panelBytes());
    }

    /// Bytes of all matrices.
    long bytes() {
        return Math.multiplyExact(E, matrixBytes());
    }

    /// Bytes from the start of a panel to a step.
    ///
    /// @param step even, or the number of all steps
    long stepOffset(int step) {
        return switch (type) {
            case F32, I32 -> step * GemmTile.ROW_BYTES;
            case BF16 -> step * (long) Lanes.BYTES;
            case Q8 -> GemmTile.ROW_BYTES + Math.ceilDiv(step, 2) * (long) Lanes.BYTES;
        };
    }

    /// Bytes from the first element to element `[e, row, column]`.
    long offset(int e, int row, int column) {
        int lane = row % GemmTile.WIDTH;
        long panel = e * matrixBytes() + row / GemmTile.WIDTH * panelBytes();
        return switch (type) {
            case F32, I32 -> panel + stepOffset(column) + lane * (long) Float.BYTES;
            case BF16 -> panel + stepOffset(column) + packedLane(lane, Short.BYTES);
            case Q8 -> panel + stepOffset(column & -2) + column % 2 * (long) Short.BYTES + packedLane(lane, Byte.BYTES);
        };
    }

    private static long packedLane(int lane, int bytes) {
        return lane % Lanes.LENGTH * (long) Integer.BYTES + lane / Lanes.LENGTH * (long) bytes;
    }

    /// Bytes from the first element to the scale of `[e, row]`.
    long scaleOffset(int e, int row) {
        return e * matrixBytes() + row / GemmTile.WIDTH * panelBytes() + row % GemmTile.WIDTH * (long) Float.BYTES;
    }

    /// Bytes from the first element to the matrix that begins at a row-major element.
    long matrixOffset(long element) {
        long elements = out * (long) in;
        assert element % elements == 0;
        return element / elements * matrixBytes();
    }
}
