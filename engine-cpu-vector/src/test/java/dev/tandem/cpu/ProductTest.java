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
        try (var arena = Arena.ofConfined()) {
            var layout = new PanelLayout(1, out, in);
            MemorySegment dy = Buffers.random(arena, rows * out + SLACK, 1);
            MemorySegment weight = Buffers.random(arena, (int) (layout.bytes() / Float.BYTES), 2);
            MemorySegment dx = Buffers.filled(arena, rows * in + 1, UNTOUCHED);
            int panels = Math.ceilDiv(in, GemmTile.WIDTH);
            MemorySegment scratch = scratch(arena, rows, DataGradient.bytes(byTokens, rows, out, panels));
            long table = scratch.address();
            Packing.strided(table, dy.address(), out * (long) Float.BYTES, rows);
            RowOutput output = new RowOutput(Buffers.moreThanCachesHold()).rows(dx.address(), in * (long) Float.BYTES);
            long packed = table + Packing.tableBytes(rows);
            long w = weight.address();
            DataGradient.compute(byTokens, packed, table, rows, false, layout, w, 0, panels, output);
            for (int row = 0; row < rows; row++) {
                for (int column = 0; column < in; column++) {
                    float expected = 0;
                    for (int o = 0; o < out; o++) {
                        float element = Lanes.get(w + layout.offset(0, o, column));
                        expected = Math.fma(Buffers.get(dy, row * out + o), element, expected);
                    }
                    float actual = Buffers.get(dx, row * in + column);
                    assertThat(actual).as("row %d, column %d", row, column).isEqualTo(expected);
                }
            }
            assertThat(Buffers.get(dx, rows * in)).as("behind dx").isEqualTo(UNTOUCHED);
            assertCanaries(scratch);
        }
    }

    private static void checkForward(int rows, int in, int out) {
        try (var arena = Arena.ofConfined()) {
            var layout = new PanelLayout(1, out, in);
            MemorySegment x = Buffers.random(arena, rows * in + SLACK, 1);
            MemorySegment weight = Buffers.random(arena, (int) (layout.bytes() / Float.BYTES), 2);
            MemorySegment y = Buffers.filled(arena, rows * out + 1, UNTOUCHED);
            MemorySegment scratch = scratch(arena, rows, Gemm.forwardBytes(rows, layout, 1));
            long table = scratch.address();
            Packing.strided(table, x.address(), in * (long) Float.BYTES, rows);
            RowOutput output = new RowOutput(Buffers.moreThanCachesHold()).rows(y.address(), out * (long) Float.BYTES);
            long packed = table + Packing.tableBytes(rows);
            long w = weight.address();
            Gemm.forward(packed, table, rows, false, layout, w, 0, layout.panels(), output);
            for (int row = 0; row < rows; row++) {
                for (int column = 0; column < out; column++) {
                    float expected = 0;
                    for (int k = 0; k < in; k++) {
                        float element = Lanes.get(w + layout.offset(0, column, k));
                        expected = Math.fma(Buffers.get(x, row * in + k), element, expected);
                    }
                    float actual = Buffers.get(y, row * out + column);
                    assertThat(actual).as("row %d, column %d", row, column).isEqualTo(expected);
                }
            }
            assertThat(Buffers.get(y, rows * out)).as("behind y").isEqualTo(UNTOUCHED);
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
