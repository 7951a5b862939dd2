package dev.tandem.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// Copies operands of a product into the order in which the tiles read them.
///
/// Rows are given as a table of addresses, so rows scattered over memory are gathered for free.
/// Whole vectors are stored, also where fewer lanes are wanted: what is stored too much is overwritten
/// by what follows, or falls into [#SLACK] bytes past the end.
final class Packing {
    static final long SLACK = 256;

    private static final long CACHE_LINE = 64;

    private Packing() {}

    /// Bytes of a table of so many rows.
    static long tableBytes(int rows) {
        return Workspace.aligned((rows + Lanes.LENGTH) * (long) Long.BYTES);
    }

    /// Writes the addresses of equidistant rows.
    static void strided(long table, long first, long stride, int rows) {
        for (int r = 0; r < rows; r++) {
            Lanes.setLong(table + r * (long) Long.BYTES, first + r * stride);
        }
        closeTable(table, rows);
    }

    /// Fills the table up with readable addresses: transposes read whole groups of rows.
    static void closeTable(long table, int rows) {
        long end = table + rows * (long) Long.BYTES;
        long last = Lanes.getLong(end - Long.BYTES);
        for (int i = 0; i < Lanes.LENGTH; i++) {
            Lanes.setLong(end + i * (long) Long.BYTES, last);
        }
    }

    /// Packs a block of rows as its tiles, one after the other, each `[depth][rows of the tile]`.
    ///
    /// @param offset bytes from the start of each row
    static void rows(long table, int rows, long offset, int depth, long out) {
        int tiles = RowTiles.count(rows);
        for (int t = 0; t < tiles; t++) {
            int first = RowTiles.first(rows, tiles, t);
            int count = RowTiles.size(rows, tiles, t);
            tile(table + first * (long) Long.BYTES, count, offset, depth, out + (long) first * depth * Float.BYTES);
        }
    }

    /// Packs some columns of the rows of a tile, in the middle of what is packed already: what follows stays as it is.
    static void tilePart(long table, int rows, long offset, int columns, long out) {
        long end = out + (long) columns * rows * Float.BYTES;
        FloatVector following = Lanes.load(end);
        tile(table, rows, offset, columns, out);
        Lanes.store(following, end);
    }

    private static void tile(long table, int rows, long offset, int depth, long out) {
        lanes(table, rows, offset, depth, out, rows * (long) Float.BYTES);
    }

    /// Packs up to WIDTH rows as `[depth][WIDTH]`. Lanes that no row fills hold anything.
    static void tokens(long table, int rows, long offset, int depth, long out) {
        assert rows <= GemmTile.WIDTH;
        lanes(table, rows, offset, depth, out, GemmTile.ROW_BYTES);
    }

    private static void lanes(long table, int rows, long offset, int depth, long out, long stride) {
        int vectorized = Lanes.F32.loopBound(depth);
        if (vectorized > 0) {
            // Last group first: what it stores past the tile's rows belongs to the first of the next k.
            for (int i = (rows - 1) / Lanes.LENGTH * Lanes.LENGTH; i >= 0; i -= Lanes.LENGTH) {
                Transpose.TRANSPOSE.rows(
                        table + i * (long) Long.BYTES, offset, vectorized, out + i * (long) Float.BYTES, stride);
            }
        }
        for (int k = vectorized; k < depth; k++) {
            for (int i = 0; i < rows; i++) {
                long row = Lanes.getLong(table + i * (long) Long.BYTES);
                float value = Lanes.get(row + offset + k * (long) Float.BYTES);
                Lanes.set(out + k * stride + i * (long) Float.BYTES, value);
            }
        }
    }

    /// Reads a part of each row, in the order of addresses: so it comes from memory much faster than in strips
    /// of a few columns.
    ///
    /// @return nothing of use, but without it nothing would be read
    static long touch(long table, int rows, long offset, long bytes) {
        long touched = 0;
        for (int r = 0; r < rows; r++) {
            long row = Lanes.getLong(table + r * (long) Long.BYTES) + offset;
            for (long at = 0; at < bytes; at += CACHE_LINE) {
                touched |= Lanes.getInt(row + at);
            }
        }
        return touched;
    }

    /// Packs columns of rows as `[depth][columns]`, row `k` of the table being step `k`.
    ///
    /// @param offset bytes from the start of each row to the first column
    /// @param columns at most two vectors
    static void columns(long table, int depth, long offset, int columns, long out) {
        long stride = columns * (long) Float.BYTES;
        VectorMask<Float> first = Lanes.tail(0, columns);
        if (columns <= Lanes.LENGTH) {
            for (int k = 0; k < depth; k++) {
                long row = Lanes.getLong(table + k * (long) Long.BYTES) + offset;
                Lanes.store(Lanes.load(row, first), out + k * stride);
            }
            return;
        }
        VectorMask<Float> second = Lanes.tail(Lanes.LENGTH, columns);
        for (int k = 0; k < depth; k++) {
            long row = Lanes.getLong(table + k * (long) Long.BYTES) + offset;
            FloatVector left = Lanes.load(row, first);
            FloatVector right = Lanes.load(row + Lanes.BYTES, second);
            Lanes.store(left, out + k * stride);
            Lanes.store(right, out + k * stride + Lanes.BYTES);
        }
    }

    /// Copies columns of equidistant rows into some columns of a tile, and touches no others.
    ///
    /// @param columns at most one vector
    static void strip(long source, long sourceStride, int depth, int columns, long out, long stride) {
        VectorMask<Float> mask = Lanes.tail(0, columns);
        for (int k = 0; k < depth; k++) {
            Lanes.store(Lanes.load(source + k * sourceStride, mask), out + k * stride, mask);
        }
    }

    /// Packs whole panels of columns of equidistant rows, one after the other, row by row.
    static void panels(long source, long sourceStride, int depth, int panels, long out) {
        long panelBytes = depth * GemmTile.ROW_BYTES;
        for (int k = 0; k < depth; k++) {
            for (int p = 0; p < panels; p++) {
                long row = source + k * sourceStride + p * GemmTile.ROW_BYTES;
                long target = out + p * panelBytes + k * GemmTile.ROW_BYTES;
                FloatVector left = Lanes.load(row);
                FloatVector right = Lanes.load(row + Lanes.BYTES);
                Lanes.store(left, target);
                Lanes.store(right, target + Lanes.BYTES);
            }
        }
    }

    /// Packs one panel of columns of equidistant rows as `[depth][WIDTH]`, zeros past `columns`.
    static void panel(long source, long sourceStride, int depth, int columns, long out) {
        VectorMask<Float> first = Lanes.tail(0, columns);
        VectorMask<Float> second = Lanes.tail(Lanes.LENGTH, columns);
        for (int k = 0; k < depth; k++) {
            long row = source + k * sourceStride;
            FloatVector left = Lanes.load(row, first);
            FloatVector right = Lanes.load(row + Lanes.BYTES, second);
            Lanes.store(left, out + k * GemmTile.ROW_BYTES);
            Lanes.store(right, out + k * GemmTile.ROW_BYTES + Lanes.BYTES);
        }
    }

    /// Adds the sums over `depth` of a packed panel to `columns` values.
    static void addColumnSums(long panel, int depth, int columns, long sums) {
        FloatVector left = FloatVector.zero(Lanes.F32);
        FloatVector right = FloatVector.zero(Lanes.F32);
        for (int k = 0; k < depth; k++) {
            left = left.add(Lanes.load(panel + k * GemmTile.ROW_BYTES));
            right = right.add(Lanes.load(panel + k * GemmTile.ROW_BYTES + Lanes.BYTES));
        }
        VectorMask<Float> first = Lanes.tail(0, columns);
        VectorMask<Float> second = Lanes.tail(Lanes.LENGTH, columns);
        Lanes.store(Lanes.load(sums, first).add(left), sums, first);
        Lanes.store(Lanes.load(sums + Lanes.BYTES, second).add(right), sums + Lanes.BYTES, second);
    }

    /// Transposes a block of a packed weight, or of what lies like one: panel rows `column ... column + WIDTH - 1` of
    /// `panels` panels
    /// become `[panels * WIDTH][WIDTH]`.
    ///
    /// @param weight the first of the panels
    /// @param in rows of each panel; rows past it count as zeros
    /// @param spare room for `panels * WIDTH` rows, used where the block is cut off
    static void weights(long weight, int panels, int in, int column, long out, long spare) {
        long panelBytes = in * GemmTile.ROW_BYTES;
        long source = weight + column * GemmTile.ROW_BYTES;
        int rows = Math.min(GemmTile.WIDTH, in - column);
        if (rows < GemmTile.WIDTH) {
            long block = GemmTile.WIDTH * GemmTile.ROW_BYTES;
            Lanes.fill(spare, panels * block, (byte) 0);
            for (int p = 0; p < panels; p++) {
                Lanes.copy(source + p * panelBytes, spare + p * block, rows * GemmTile.ROW_BYTES);
            }
            source = spare;
            panelBytes = block;
        }
        Transpose.TRANSPOSE.squares(panels, source, panelBytes, out);
    }
}
