package dev.tandem.cpu;

/// How the pre-activations that [CpuExpertFeedForward] saves lie in memory: as panels of columns
/// `[ceil(F / WIDTH)][R][WIDTH]`, the last one narrower. A block of a panel is contiguous, so that the
/// processor fetches ahead what comes next; rows of the whole width would lie too far apart for that.
///
/// Set anew for each call, which therefore allocates nothing.
final class SavedHidden {
    static final SavedHidden NONE = new SavedHidden();

    private long address;
    private int R;
    private int F;

    /// @param address of the first element, 0 if nothing is saved
    /// @param R rows
    /// @param F columns
    void set(long address, int R, int F) {
        this.address = address;
        this.R = R;
        this.F = F;
    }

    boolean isPresent() {
        return address != 0;
    }

    /// Address of an element; the next columns of its panel follow it.
    long at(long row, int column) {
        int first = column / GemmTile.WIDTH * GemmTile.WIDTH;
        return address + (long) first * R * Float.BYTES + row * stride(column) + (column - first) * (long) Float.BYTES;
    }

    /// Bytes from one row to the next in the panel that holds a column.
    long stride(int column) {
        int first = column / GemmTile.WIDTH * GemmTile.WIDTH;
        return Math.min(GemmTile.WIDTH, F - first) * (long) Float.BYTES;
    }
}
