package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class GridTest {
    @Test
    void coversElementsAndRowsUpToALimit() {
        assertThat(Grid.covering(1, 256)).isEqualTo(Grid.of(1, 256));
        assertThat(Grid.covering(257, 256)).isEqualTo(Grid.of(2, 256));
        assertThat(Grid.covering(1L << 40, 256)).isEqualTo(Grid.of(16_384, 256));
        assertThat(Grid.warps(9, 256)).isEqualTo(Grid.of(2, 256));
        assertThat(Grid.of(1, 32).shared(1024).sharedBytes()).isEqualTo(1024);
    }

    @ParameterizedTest
    @CsvSource({"0,1,32,0", "1,65536,32,0", "1,1,33,0", "1,1,2048,0", "1,1,32,-1", "1,1,32,232449"})
    void refusesWhatNoGpuRuns(int x, int y, int threads, int shared) {
        assertThatIllegalArgumentException().isThrownBy(() -> new Grid(x, y, 1, threads, 1, 1, shared));
    }
}
