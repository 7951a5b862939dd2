package dev.tandem.cpu;

/// How the rows of a block are cut into tiles: of [GemmTile#ROWS] rows each, but the last two share what is left.
///
/// Not evenly: smaller tiles are less efficient, and where sizes alternate the processor guesses wrong which
/// comes next, which cost four per cent.
final class RowTiles {
    private RowTiles() {}

    static int count(int rows) {
        return Math.ceilDiv(rows, GemmTile.ROWS);
    }

    /// Where a tile begins; tile `tiles` begins at `rows`.
    static int first(int rows, int tiles, int tile) {
        if (tile < tiles - 1) {
            return tile * GemmTile.ROWS;
        }
        int shared = Math.max(0, tiles - 2) * GemmTile.ROWS;
        return tile == tiles ? rows : shared + (tiles == 1 ? 0 : Math.ceilDiv(rows - shared, 2));
    }

    /// Rows of a tile.
    static int size(int rows, int tiles, int tile) {
        return first(rows, tiles, tile + 1) - first(rows, tiles, tile);
    }
}
