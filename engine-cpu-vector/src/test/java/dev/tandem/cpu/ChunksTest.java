package dev.tandem.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ChunksTest {
    @ParameterizedTest(name = "{0} columns, {1} panels, {2} threads")
    @CsvSource({"1536, 12, 2", "1536, 12, 4", "384, 48, 2", "768, 96, 16", "768, 1, 2", "3072, 24, 3", "1152, 24, 2"})
    void tasksOfWeightGradientAreSharedOutEvenly(int columns, int panels, int threads) {
        int blocks = Chunks.columnBlocks(columns, panels, threads);
        assertThat(blocks * Chunks.panels(blocks, panels, threads) % threads).isZero();
    }

    @ParameterizedTest(name = "{0} columns, {1} panels, {2} threads")
    @CsvSource({"1536, 12, 16, 12", "64, 1, 8, 1", "768, 1, 8, 6", "2048, 64, 1, 4"})
    void blocksOfColumnsAreNeitherSmallNorMoreThanThreadsNeed(int columns, int panels, int threads, int blocks) {
        assertThat(Chunks.columnBlocks(columns, panels, threads)).isEqualTo(blocks);
    }

    @ParameterizedTest(name = "{0} rows, {1} panels, {2} threads")
    @CsvSource({"1, 96, 2, 16", "8, 96, 2, 8", "1, 24, 2, 12", "1, 1, 2, 1"})
    void oneRowIsCutFiner(int rows, int panels, int threads, int chunks) {
        assertThat(Chunks.columns(1, rows, panels, threads)).isEqualTo(chunks);
    }
}
