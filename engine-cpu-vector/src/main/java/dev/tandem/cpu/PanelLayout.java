package dev.tandem.cpu;

import dev.tandem.engine.ElementType;
import dev.tandem.engine.Shape;

/// How weights lie in memory: E matrices `[out, in]` back to back, each as panels
/// `[ceil(out / WIDTH)][in][WIDTH]`, so that a product reads them in the order of addresses.
///
/// Lanes past `out` hold zeros and stay zero: gradients there are zero, and element-wise updates
/// of zeros by zeros are zeros.
///
/// In types of fewer bytes a vector holds one step, and each of its 32-bit lanes several columns, from the lowest bits
/// on:
///
/// | type | lane `j` holds                                                                                   |
/// |------|--------------------------------------------------------------------------------------------------|
/// | BF16 | columns `j` and `j + LENGTH` of a panel                                                          |
/// | Q8   | the same of a panel and of the next: two lie together, behind the scales of their columns in F32 |
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

    /// Panels that lie together.
    private int together() {
        return type == ElementType.Q8 ? 2 : 1;
    }

    /// Bytes of a panel, or of those that lie together.
    long panelBytes() {
        return stepOffset(in);
    }

    /// Bytes from a matrix to a panel, or to the first that lies together with it.
    long panelOffset(int panel) {
        return panel / together() * panelBytes();
    }

    long matrixBytes() {
        return Math.multiplyExact(Math.ceilDiv(panels(), together()), panelBytes());
    }

    /// Bytes of all matrices.
    long bytes() {
        return Math.multiplyExact(E, matrixBytes());
    }

    /// Bytes from the start of a panel to a step.
    long stepOffset(int step) {
        return switch (type) {
            case F32, I32 -> step * GemmTile.ROW_BYTES;
            case BF16 -> step * (long) Lanes.BYTES;
            case Q8 -> together() * GemmTile.ROW_BYTES + step * (long) Lanes.BYTES;
        };
    }

    /// Bytes from the first element to element `[e, row, column]`; the next column is the next step.
    long offset(int e, int row, int column) {
        int lane = row % (together() * GemmTile.WIDTH);
        long within = switch (type) {
            case F32, I32 -> lane * (long) Float.BYTES;
            case BF16, Q8 -> lane % Lanes.LENGTH * (long) Integer.BYTES + lane / Lanes.LENGTH * (long) type.bytes();
        };
        return e * matrixBytes() + panelOffset(row / GemmTile.WIDTH) + stepOffset(column) + within;
    }

    /// Bytes from the first element to the scale of `[e, row]` of Q8.
    long scaleOffset(int e, int row) {
        int lane = row % (together() * GemmTile.WIDTH);
        return e * matrixBytes() + panelOffset(row / GemmTile.WIDTH) + lane * (long) Float.BYTES;
    }

    /// Bytes from the first element to the matrix that begins at a row-major element.
    long matrixOffset(long element) {
        long elements = out * (long) in;
        assert element % elements == 0;
        return element / elements * matrixBytes();
    }
}
