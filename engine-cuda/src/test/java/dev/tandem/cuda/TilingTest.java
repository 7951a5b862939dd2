package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The cut of a product covers it, and does not make work where there is none.
final class TilingTest {
    @ParameterizedTest(name = "{0}×{1}×{2} of {3}")
    @CsvSource({
        // rows, columns, depth, matrices, large, tiles, ranges, range
        "16384, 4096, 1024, 1, true, 4096, 1, 1024", // fills any GPU
        "768, 768, 16384, 1, true, 36, 7, 2352", // a projection's dWeight
        "64, 3072, 768, 1, false, 48, 5, 160", // decode of many
        "768, 768, 127, 1, false, 144, 1, 128", // too short to be cut
        "4096, 1024, 512, 64, true, 256, 1, 512", // experts
        "1, 1, 1, 1, false, 1, 1, 16",
        "9, 30, 2000, 1, false, 1, 14, 144",
    })
    void followsFromTheShape(
            int rows, int columns, int depth, int matrices, boolean large, int tiles, int ranges, int range) {
        assertThat(Tiling.of(rows, columns, depth, matrices, matrices == 1))
                .isEqualTo(new Tiling(large, tiles, ranges, range));
    }

    @Test
    void rangesCoverWhatIsSummedOverAndNoneIsEmpty() {
        for (int depth = 1; depth < 20_000; depth += 7) {
            Tiling tiling = Tiling.of(40, 50, depth, 1, true);
            assertThat((long) tiling.ranges() * tiling.range()).isGreaterThanOrEqualTo(depth);
            assertThat((tiling.ranges() - 1L) * tiling.range()).isLessThan(depth);
            assertThat(tiling.range() % 16).isZero();
        }
    }
}
