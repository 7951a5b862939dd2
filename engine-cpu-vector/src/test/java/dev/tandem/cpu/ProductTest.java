package dev.tandem.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Products that find their weights in memory, against chains of `fma`, to the bit.
final class ProductTest {
    private static final int SLACK = 64; // floats that transposes may read behind an operand
    private static final float UNTOUCHED = 77;
    private static final int CANARIES = 16;

    @ParameterizedTest
    @CsvSource({"true, 31, 200", "false, 33, 32", "true, 40, 64", "true, 7, 8", "false, 49, 64"})
    void tokensPayWhereFewLanesAreIdleAndTheReductionIsNotShort(boolean pays, int rows, int out) {
        assumeTrue(Prefetch.AVAILABLE && Lanes.LENGTH == 16, "made for vectors of 512 bits and prefetching");
        assertThat(TokenPanels.pay(out, rows)).isEqualTo(pays);
        assertThat(TokenPanels.pay(rows - 1, rows)).isFalse();
    }

    /// Reductions of one and of several chunks and groups, cut-off panels of both kinds.
    @ParameterizedTest(name = "{0} rows, {1} x {2}")
    @CsvSource({
        "1, 45, 70",
        "8, 45, 33",
        "17, 64, 32",
        "24, 1100, 70",
        "32, 64, 64",
        "41, 600, 33",
        "61, 1500, 5",
        "192, 2100, 96",
        "193, 600, 70",
        "300, 40, 33"
    })
    void everySumIsOneChainOverTheWholeReduction(int rows, int reduced, int columns) {
        checkDataGradient(false, rows, reduced, columns);
        checkDataGradient(true, rows, reduced, columns);
        checkForward(rows, reduced, columns);
    }

    private static void checkDataGradient(boolean byTokens, int rows, int out, int in) {
        var layout = new PanelLayout(1, out, in);
        int panels = Math.ceilDiv(in, GemmTile.WIDTH);
        check(
                rows,
                out,
                in,
                layout,
                DataGradient.bytes(byTokens, rows, out, panels),
                (o, column) -> layout.offset(0, o, column),
                (packed, table, weight, dx) ->
                        DataGradient.compute(byTokens, packed, table, rows, false, layout, weight, 0, panels, dx));
    }

    private static void checkForward(int rows, int in, int out) {
        var layout = new PanelLayout(1, out, in);
        check(
                rows,
                in,
                out,
                layout,
                Gemm.forwardBytes(rows, layout, 1),
                (k, column) -> layout.offset(0, column, k),
                (packed, table, weight, y) ->
                        Gemm.forward(packed, table, rows, false, layout, weight, 0, layout.panels(), false, y));
    }

    /// Where a weight lies that step `k` of a reduction multiplies for a column of the result.
    private interface Place {
        long offset(int k, int column);
    }

    private interface Product {
        void compute(long packed, long table, long weight, RowOutput y);
    }

    private static void check(
            int rows, int reduced, int columns, PanelLayout layout, long scratchBytes, Place place, Product product) {
        try (var arena = Arena.ofConfined()) {
            MemorySegment x = Buffers.random(arena, rows * reduced + SLACK, 1);
            MemorySegment weight = Buffers.random(arena, (int) (layout.bytes() / Float.BYTES), 2);
            MemorySegment y = Buffers.filled(arena, rows * columns + 1, UNTOUCHED);
            MemorySegment scratch = scratch(arena, rows, scratchBytes);
            long table = scratch.address();
            Packing.strided(table, x.address(), reduced * (long) Float.BYTES, rows);
            RowOutput output =
                    new RowOutput(Buffers.moreThanCachesHold()).rows(y.address(), columns * (long) Float.BYTES);
            product.compute(table + Packing.tableBytes(rows), table, weight.address(), output);
            for (int row = 0; row < rows; row++) {
                for (int column = 0; column < columns; column++) {
                    float expected = 0;
                    for (int k = 0; k < reduced; k++) {
                        float element = Lanes.get(weight.address() + place.offset(k, column));
                        expected = Math.fma(Buffers.get(x, row * reduced + k), element, expected);
                    }
                    float actual = Buffers.get(y, row * columns + column);
                    assertThat(actual).as("row %d, column %d", row, column).isEqualTo(expected);
                }
            }
            assertThat(Buffers.get(y, rows * columns)).as("behind the result").isEqualTo(UNTOUCHED);
            assertCanaries(scratch);
        }
    }

    /// A table and scratch, with canaries behind.
    private static MemorySegment scratch(Arena arena, int rows, long bytes) {
        long floats = (Packing.tableBytes(rows) + bytes) / Float.BYTES + CANARIES;
        return Buffers.filled(arena, Math.toIntExact(floats), UNTOUCHED);
    }

    private static void assertCanaries(MemorySegment scratch) {
        int end = Math.toIntExact(scratch.byteSize() / Float.BYTES);
        for (int i = end - CANARIES; i < end; i++) {
            assertThat(Buffers.get(scratch, i)).as("behind scratch").isEqualTo(UNTOUCHED);
        }
    }
}
