package dev.tandem.cpu;

/// Panels whose tokens become rows of a tensor, stored in pieces between products: memory takes what is written
/// while the processor multiplies, where storing all at once would wait for it.
final class PendingRows {
    private static final int PIECE = Lanes.LENGTH;

    private final long[] panels;
    private final long[] rows;
    private final int[] tokens;
    private int D;
    private long stride;
    private long table;
    private int count;
    private int stored;
    private int channel;

    /// @param most panels that wait at once
    PendingRows(int most) {
        panels = new long[most];
        rows = new long[most];
        tokens = new int[most];
    }

    /// @param stride bytes from one row to the next
    /// @param table room for LENGTH addresses
    void begin(int D, long stride, long table) {
        this.D = D;
        this.stride = stride;
        this.table = table;
        clear();
    }

    private void clear() {
        count = 0;
        stored = 0;
        channel = 0;
    }

    /// @param lanes how many tokens of the panel count
    void add(long panel, int lanes, long row) {
        tokens[count] = lanes;
        panels[count] = panel;
        rows[count++] = row;
    }

    /// Stores the next piece, if one is left.
    void storePiece() {
        if (stored == count) {
            return;
        }
        int channels = Math.min(PIECE, D - channel);
        long panel = panels[stored] + channel * GemmTile.ROW_BYTES;
        HeadTiles.fromPanel(
                panel, channels, tokens[stored], rows[stored] + (long) channel * Float.BYTES, stride, table);
        channel += PIECE;
        if (channel >= D) {
            channel = 0;
            stored++;
        }
    }

    /// Stores what is left; then others may wait.
    void finish() {
        while (stored < count) {
            storePiece();
        }
        clear();
    }
}
