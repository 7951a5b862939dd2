package dev.tandem.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class DataGradientTest {
    private static final int SLACK = 64; // floats

    @ParameterizedTest
    @CsvSource({"true, 31, 200", "false, 33, 32", "true, 40, 64"})
    void tokensPayWhereFewLanesAreIdleAndTheReductionIsNotShort(boolean pays, int rows, int out) {
        assumeTrue(Prefetch.AVAILABLE && Lanes.LENGTH == 16, "made for vectors of 512 bits and prefetching");
        assertThat(TokenPanels.pay(out, rows)).isEqualTo(pays);
        assertThat(TokenPanels.pay(rows - 1, rows)).isFalse();
    }

    /// Reductions of one and of several chunks, cut-off panels of both kinds.
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
    void everySumIsOneChainOverTheWholeReduction(int rows, int out, int in) {
        checkChains(false, rows, out, in);
        checkChains(true, rows, out, in);
    }

    private static void checkChains(boolean byTokens, int rows, int out, int in) {
        try (var arena = Arena.ofConfined()) {
            var layout = new PanelLayout(1, out, in);
            MemorySegment dy = Buffers.random(arena, rows * out + SLACK, 1);
            MemorySegment weight = Buffers.random(arena, (int) (layout.bytes() / Float.BYTES), 2);
            MemorySegment dx = Buffers.filled(arena, rows * in + SLACK, 0);
            int panels = Math.ceilDiv(in, GemmTile.WIDTH);
            long tableBytes = Packing.tableBytes(rows);
            long scratchBytes = tableBytes + DataGradient.bytes(byTokens, rows, out, panels) + SLACK;
            long table = arena.allocate(scratchBytes, SLACK).address();
            Packing.strided(table, dy.address(), out * (long) Float.BYTES, rows);
            RowOutput output = new RowOutput().rows(dx.address(), in * (long) Float.BYTES);
            long address = weight.address();
            DataGradient.compute(byTokens, table + tableBytes, table, rows, false, layout, address, 0, panels, output);
            for (int row = 0; row < rows; row++) {
                for (int column = 0; column < in; column++) {
                    float expected = 0;
                    for (int o = 0; o < out; o++) {
                        float element = Lanes.get(address + layout.offset(0, o, column));
                        expected = Math.fma(Buffers.get(dy, row * out + o), element, expected);
                    }
                    float actual = Buffers.get(dx, row * in + column);
                    assertThat(actual).as("row %d, column %d", row, column).isEqualTo(expected);
                }
            }
            assertThat(Buffers.get(dx, rows * in)).as("behind dx").isZero();
        }
    }
}
