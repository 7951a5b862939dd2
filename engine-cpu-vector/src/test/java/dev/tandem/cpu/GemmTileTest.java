package dev.tandem.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class GemmTileTest {
    private static final int DEPTH = 37;
    private static final int WIDTH = GemmTile.WIDTH;
    private static final float UNTOUCHED = 77;

    static IntStream rows() {
        return IntStream.rangeClosed(1, GemmTile.ROWS);
    }

    static IntStream pairRows() {
        return IntStream.rangeClosed(1, GemmTile.PAIR_ROWS);
    }

    static IntStream weightRows() {
        return IntStream.rangeClosed(1, GemmTile.WEIGHT_ROWS);
    }

    static IntStream halfWeightRows() {
        return IntStream.rangeClosed(1, GemmTile.HALF_WEIGHT_ROWS);
    }

    @ParameterizedTest
    @MethodSource("rows")
    void everyTileIsTheProductAndTouchesNothingElse(int rows) {
        check(rows, 1, false);
    }

    @ParameterizedTest
    @MethodSource("rows")
    void everyTileThatReadsAheadIsTheProductAndTouchesNothingElse(int rows) {
        check(rows, 1, true);
    }

    @ParameterizedTest
    @MethodSource("pairRows")
    void everyTileOfTwoPanelsIsTheProductAndTouchesNothingElse(int rows) {
        check(rows, 2, false);
    }

    @ParameterizedTest
    @MethodSource("rows")
    void everyTileOfColumnsOfAPanelIsTheProductAndTouchesNothingElse(int rows) {
        try (var arena = Arena.ofConfined()) {
            int column = WIDTH - rows;
            MemorySegment panel = Buffers.random(arena, WIDTH * DEPTH, rows);
            MemorySegment a = Buffers.filled(arena, rows * DEPTH, 0);
            for (int i = 0; i < rows * DEPTH; i++) {
                Lanes.set(a.address() + 4L * i, Buffers.get(panel, i / rows * WIDTH + column + i % rows));
            }
            MemorySegment b = Buffers.random(arena, WIDTH * DEPTH, 100 + rows);
            MemorySegment c = Buffers.filled(arena, (rows + 1) * WIDTH, UNTOUCHED);
            long columns = panel.address() + 4L * column;
            GemmTile.TILE.multiplyPanels(rows, DEPTH, columns, b.address(), c.address(), false);
            compare(rows, DEPTH, WIDTH, a, b, 0, c, WIDTH, 1);
            GemmTile.TILE.multiplyPanels(rows, DEPTH, columns, b.address(), c.address(), true);
            compare(rows, DEPTH, WIDTH, a, b, 0, c, WIDTH, 2);
        }
    }

    @Test
    void tilesOfWeightsDivideAPanel() {
        assertThat(WIDTH % GemmTile.WEIGHT_ROWS).isZero();
        assertThat(WIDTH % GemmTile.HALF_WEIGHT_ROWS).isZero();
    }

    @ParameterizedTest
    @MethodSource("weightRows")
    void everyTileOfWeightsIsTheProductAndTouchesNothingElse(int rows) {
        checkWeights(rows, WIDTH, GemmTile.TILE::multiplyWeights);
    }

    @ParameterizedTest
    @MethodSource("halfWeightRows")
    void everyTileOfWeightsAndHalfAPanelIsTheProductAndTouchesNothingElse(int rows) {
        checkWeights(rows, Lanes.LENGTH, GemmTile.TILE::multiplyHalfWeights);
    }

    /// A tile of weights as they lie.
    private interface WeightTile {
        void multiply(int rows, int depth, long a, long panelBytes, long b, long c, boolean accumulate);
    }

    private static void checkWeights(int rows, int columns, WeightTile tile) {
        for (int depth : new int[] {WIDTH - 1, WIDTH, 2 * WIDTH, DEPTH}) {
            checkWeights(rows, depth, columns, tile);
        }
    }

    private static void checkWeights(int rows, int depth, int columns, WeightTile tile) {
        try (var arena = Arena.ofConfined()) {
            int firstRow = WIDTH - rows;
            int panelRows = WIDTH + 1;
            int panels = Math.ceilDiv(depth, WIDTH);
            MemorySegment weights = Buffers.random(arena, panels * panelRows * WIDTH, rows);
            MemorySegment a = Buffers.filled(arena, rows * depth, 0);
            for (int i = 0; i < rows * depth; i++) {
                int k = i / rows;
                int row = k / WIDTH * panelRows + firstRow + i % rows;
                Lanes.set(a.address() + 4L * i, Buffers.get(weights, row * WIDTH + k % WIDTH));
            }
            MemorySegment b = Buffers.random(arena, WIDTH * depth, 100 + rows);
            MemorySegment c = Buffers.filled(arena, (rows + 1) * WIDTH, UNTOUCHED);
            long first = weights.address() + firstRow * GemmTile.ROW_BYTES;
            long panelBytes = panelRows * GemmTile.ROW_BYTES;
            for (int times = 1; times <= 2; times++) {
                tile.multiply(rows, depth, first, panelBytes, b.address(), c.address(), times == 2);
                compare(rows, depth, columns, a, b, 0, c, WIDTH, times);
            }
        }
    }

    private static void check(int rows, int panels, boolean reads) {
        try (var arena = Arena.ofConfined()) {
            MemorySegment a = Buffers.random(arena, rows * DEPTH, rows);
            // a row between the panels, so that their distance is not their size
            int panel = (DEPTH + 1) * WIDTH;
            MemorySegment b = Buffers.random(arena, panels * panel, 100 + rows);
            int stride = panels * WIDTH + 3;
            MemorySegment c = Buffers.filled(arena, (rows + 1) * stride, UNTOUCHED);
            run(rows, panels, reads, a, b, panel, c, stride, false);
            compare(rows, DEPTH, panels * WIDTH, a, b, panel, c, stride, 1);
            run(rows, panels, reads, a, b, panel, c, stride, true);
            compare(rows, DEPTH, panels * WIDTH, a, b, panel, c, stride, 2);
        }
    }

    private static void run(
            int rows,
            int panels,
            boolean reads,
            MemorySegment a,
            MemorySegment b,
            int panel,
            MemorySegment c,
            int stride,
            boolean add) {
        if (panels == 1 && !reads) {
            GemmTile.TILE.multiply(rows, DEPTH, a.address(), b.address(), c.address(), 4L * stride, add);
        } else if (panels == 1) {
            long ignored = GemmTile.TILE.multiplyAndRead(
                    rows, DEPTH, a.address(), b.address(), b.address(), 4, c.address(), 4L * stride, add);
        } else {
            GemmTile.TILE.multiplyPair(
                    rows, DEPTH, a.address(), b.address(), 4L * panel, c.address(), 4L * stride, add);
        }
    }

    private static void compare(
            int rows,
            int depth,
            int columns,
            MemorySegment a,
            MemorySegment b,
            int panel,
            MemorySegment c,
            int stride,
            int times) {
        for (int i = 0; i <= rows; i++) {
            for (int j = 0; j < stride; j++) {
                float actual = Buffers.get(c, i * stride + j);
                if (i == rows || j >= columns) {
                    assertThat(actual).as("row %d, column %d", i, j).isEqualTo(UNTOUCHED);
                } else {
                    double sum = 0;
                    for (int k = 0; k < depth; k++) {
                        double weight = Buffers.get(b, j / WIDTH * panel + k * WIDTH + j % WIDTH);
                        sum += Buffers.get(a, k * rows + i) * weight;
                    }
                    assertThat((double) actual).as("row %d, column %d", i, j).isCloseTo(times * sum, within(1e-5));
                }
            }
        }
    }
}
