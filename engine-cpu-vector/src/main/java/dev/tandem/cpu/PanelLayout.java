package dev.tandem.cpu;

import dev.tandem.engine.Shape;

/// How weights lie in memory: E matrices `[out, in]` back to back, each as panels
/// `[ceil(out / WIDTH)][in][WIDTH]`, so that a product reads them in the order of addresses.
///
/// Lanes past `out` hold zeros and stay zero: gradients there are zero, and element-wise updates
/// of zeros by zeros are zeros.
///
/// @param E matrices
/// @param out rows of each
/// @param in columns of each
record PanelLayout(int E, int out, int in) {
    static PanelLayout of(Shape shape) {
        return switch (shape.rank()) {
            case 2 -> new PanelLayout(1, shape.extent(0), shape.extent(1));
            case 3 -> new PanelLayout(shape.extent(0), shape.extent(1), shape.extent(2));
            default -> throw new IllegalArgumentException("a weight must be [out, in] or [E, out, in], was " + shape);
        };
    }

    int panels() {
        return Math.ceilDiv(out, GemmTile.WIDTH);
    }

    long panelBytes() {
        return in * GemmTile.ROW_BYTES;
    }

    long matrixBytes() {
        return Math.multiplyExact(panels(), panelBytes());
    }

    /// Bytes of all matrices.
    long bytes() {
        return Math.multiplyExact(E, matrixBytes());
    }

    /// Bytes from the first element to element `[e, row, column]`; the next column is `ROW_BYTES` on.
    long offset(int e, int row, int column) {
        return e * matrixBytes()
                + row / GemmTile.WIDTH * panelBytes()
                + column * GemmTile.ROW_BYTES
                + row % GemmTile.WIDTH * (long) Float.BYTES;
    }

    /// Bytes from the first element to the matrix that begins at a row-major element.
    long matrixOffset(long element) {
        long elements = out * (long) in;
        assert element % elements == 0;
        return element / elements * matrixBytes();
    }
}
