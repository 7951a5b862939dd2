package dev.tandem.cpu;

import dev.tandem.engine.ElementType;

/// One row times narrow weights, two panels at once, as they come from memory.
///
/// Such weights take more instructions per byte, of which fewer are in flight at once; so the processor alone does not
/// look far enough ahead to keep memory busy. They are asked for by [Prefetch], in pieces: in larger ones lines would
/// wait for one another, in smaller ones calls would cost what they gain. Measured.
final class NarrowRow {
    /// Bytes of a panel that are multiplied, and as many asked for, at once.
    private static final int PIECE = 1 << 10;
    /// Bytes from what is multiplied to what is asked for.
    private static final int AHEAD = 1 << 12;

    private NarrowRow() {}

    /// How many panels from one on are multiplied together.
    static int panels(PanelLayout layout, int panel, int lastPanel) {
        boolean second = layout.type() == ElementType.Q8 && panel % 2 == 1;
        return second ? 1 : Math.min(2, lastPanel - panel);
    }

    /// Some chunks of a forward product with one or two panels: see [Gemm#multiplyPanels].
    ///
    /// @param panels as [#panels] says
    /// @param more whether others follow
    /// @param c a row of two panels
    /// @param sums room for two rows of two panels: sums, and scales of Q8
    static void multiply(
            int firstChunk,
            int lastChunk,
            long packed,
            PanelLayout layout,
            long weight,
            int panel,
            int panels,
            boolean more,
            long c,
            long sums) {
        int in = layout.in();
        int most = Reduction.depth(layout, 1);
        int end = Reduction.first(in, most, lastChunk);
        int wrap = more ? Reduction.first(in, most, firstChunk) : end;
        long b = weight + layout.panelOffset(panel);
        long secondB = weight + layout.panelOffset(panel + panels - 1);
        boolean second = layout.type() == ElementType.Q8 && panel % 2 == 1;
        long own = second ? sums + GemmTile.ROW_BYTES : sums;
        long units = sums + 2 * GemmTile.ROW_BYTES;
        if (layout.type() == ElementType.Q8) {
            NarrowTile.units(b, units);
        }
        Lanes.fill(sums, 2 * GemmTile.ROW_BYTES, (byte) 0);
        if (firstChunk > 0) {
            Lanes.copy(c, own, panels * GemmTile.ROW_BYTES);
        }
        int piece = Prefetch.AVAILABLE ? PIECE / Lanes.BYTES : in;
        for (int chunk = firstChunk; chunk < lastChunk; chunk++) {
            int from = Reduction.first(in, most, chunk);
            int to = Reduction.first(in, most, chunk + 1);
            long a = packed + (chunk - firstChunk) * Reduction.chunkBytes(in, most, 1) - from * (long) Float.BYTES;
            for (int k = from; k < to; k += piece) {
                int depth = Math.min(piece, to - k);
                ahead(layout, b, secondB, k, depth, wrap, end);
                long offset = layout.stepOffset(k);
                if (layout.type() == ElementType.BF16) {
                    NarrowTile.addBf16(b + offset, secondB + offset, depth, a + k * (long) Float.BYTES, sums);
                } else {
                    NarrowTile.addQ8(units, b + offset, depth, a + k * (long) Float.BYTES, sums);
                }
            }
        }
        Lanes.copy(own, c, panels * GemmTile.ROW_BYTES);
    }

    /// Asks for as many steps as are multiplied now, some way ahead: here, or where the next two panels begin.
    private static void ahead(PanelLayout layout, long b, long secondB, int step, int depth, int wrap, int end) {
        int first = step + AHEAD / Lanes.BYTES;
        long skipped = 0;
        if (first >= end) {
            first += wrap - end;
            skipped = layout.panelOffset(2);
        }
        if (first < end) {
            long offset = skipped + layout.stepOffset(first);
            long bytes = Math.min(end - first, depth) * (long) Lanes.BYTES;
            Prefetch.lines(b + offset, bytes);
            if (secondB != b) {
                Prefetch.lines(secondB + offset, bytes);
            }
        }
    }
}
