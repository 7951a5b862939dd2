package dev.tandem.cpu;

import dev.tandem.engine.Tensor;

/// Where the elements of any tensor lie, by row-major index within it: also a part of a packed weight,
/// such as some of its rows.
///
/// Elements come in runs of constant stride: all of a row-major tensor, one row of a weight.
final class Elements {
    private static final PanelLayout FLAT = new PanelLayout(1, 1, 1);

    private long count;
    private long base;
    private long first;
    private long stride;
    private boolean packed;
    private PanelLayout layout = FLAT;

    /// Points at another tensor.
    void of(Tensor tensor) {
        var storage = CpuStorage.of(tensor);
        count = tensor.shape().elements();
        base = storage.address();
        first = tensor.offset();
        packed = storage.layout().isPresent();
        layout = packed ? storage.layout().get() : FLAT;
        stride = packed
                ? layout.offset(0, 0, 1) - layout.offset(0, 0, 0)
                : tensor.type().bytes();
    }

    long count() {
        return count;
    }

    /// Bytes from an element to the next of the same run.
    long stride() {
        return stride;
    }

    long address(long i) {
        long element = first + i;
        if (!packed) {
            return base + element * stride;
        }
        long matrix = (long) layout.out() * layout.in();
        int e = (int) (element / matrix);
        int within = (int) (element % matrix / layout.in());
        return base + layout.offset(e, within, (int) (element % layout.in()));
    }

    /// Address of the scale of the row in which an element of Q8 lies.
    long scale(long i) {
        long row = (first + i) / layout.in();
        return base + layout.scaleOffset((int) (row / layout.out()), (int) (row % layout.out()));
    }

    /// Elements of the run from `i` on that lie before `end`.
    long runLength(long i, long end) {
        long left = end - i;
        return packed ? Math.min(left, layout.in() - (first + i) % layout.in()) : left;
    }

    /// Blocks of as many elements as a panel holds, so that few of them share a cache line.
    int blocks() {
        return Math.toIntExact(Math.ceilDiv(count, blockElements()));
    }

    long blockBegin(int block) {
        return block * blockElements();
    }

    long blockEnd(int block) {
        return Math.min(count, (block + 1) * blockElements());
    }

    private long blockElements() {
        return packed ? (long) GemmTile.WIDTH * layout.in() : Blocks.SIZE;
    }
}
