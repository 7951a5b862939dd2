package dev.tandem.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class PackingTest {
    @ParameterizedTest(name = "rows={0} depth={1}")
    @CsvSource({"1,1", "1,16", "3,17", "6,8", "14,32", "15,33", "16,5", "29,48", "112,70"})
    void rowsScatteredOverMemoryArePackedAsTheirTiles(int rows, int depth) {
        try (var arena = Arena.ofConfined()) {
            int stride = depth + 5;
            MemorySegment x = Buffers.random(arena, rows * stride, rows);
            MemorySegment table = arena.allocate(Packing.tableBytes(rows), 64);
            for (int r = 0; r < rows; r++) {
                Lanes.setLong(table.address() + 8L * r, x.address() + 4L * stride * row(r, rows));
            }
            Packing.closeTable(table.address(), rows);
            MemorySegment packed = arena.allocate(4L * rows * depth + Packing.SLACK, 64);
            Packing.rows(table.address(), rows, 8, depth, packed.address());
            int tiles = RowTiles.count(rows);
            for (int t = 0; t < tiles; t++) {
                int first = RowTiles.first(rows, tiles, t);
                int count = RowTiles.size(rows, tiles, t);
                for (int i = 0; i < count * depth; i++) {
                    float expected = Buffers.get(x, row(first + i % count, rows) * stride + 2 + i / count);
                    assertThat(Buffers.get(packed, first * depth + i)).isEqualTo(expected);
                }
            }
        }
    }

    @ParameterizedTest(name = "rows={0} depth={1}")
    @CsvSource({"1,1", "1,70", "4,16", "8,33"})
    void tokensArePackedAsAPanel(int rows, int depth) {
        try (var arena = Arena.ofConfined()) {
            MemorySegment x = Buffers.random(arena, rows * depth, rows);
            MemorySegment table = arena.allocate(Packing.tableBytes(rows), 64);
            Packing.strided(table.address(), x.address(), 4L * depth, rows);
            MemorySegment packed = Buffers.filled(arena, (depth + 1) * GemmTile.WIDTH, 9);
            Packing.tokens(table.address(), rows, 0, depth, packed.address());
            for (int k = 0; k < depth; k++) {
                for (int i = 0; i < rows; i++) {
                    assertThat(Buffers.get(packed, k * GemmTile.WIDTH + i)).isEqualTo(Buffers.get(x, i * depth + k));
                }
            }
            assertThat(Buffers.get(packed, depth * GemmTile.WIDTH)).as("behind").isEqualTo(9);
        }
    }

    private static int row(int r, int rows) {
        return (r * 5 + 3) % rows; // not the order of addresses, and not distinct where 5 divides
    }

    @ParameterizedTest(name = "panels={0} in={1} column panel={2}")
    @CsvSource({"1,70,0", "3,70,0", "2,70,1", "2,70,2", "1,1,0", "3,64,1"})
    void weightPanelsAreTransposedWithZerosPastTheirEnd(int panels, int in, int panel) {
        int width = GemmTile.WIDTH;
        int column = panel * width;
        if (column >= in) {
            return; // narrower vectors have more panels of in, wider ones fewer
        }
        try (var arena = Arena.ofConfined()) {
            MemorySegment weight = Buffers.random(arena, panels * in * width, in);
            int block = panels * width * width;
            MemorySegment out = Buffers.filled(arena, block, 9);
            MemorySegment spare = Buffers.filled(arena, block, 9);
            Packing.weights(weight.address(), panels, in, column, out.address(), spare.address());
            for (int k = 0; k < panels * width; k++) {
                for (int i = 0; i < width; i++) {
                    int source = (k / width * in + column + i) * width + k % width;
                    float expected = column + i < in ? Buffers.get(weight, source) : 0;
                    assertThat(Buffers.get(out, k * width + i)).isEqualTo(expected);
                }
            }
        }
    }
}
