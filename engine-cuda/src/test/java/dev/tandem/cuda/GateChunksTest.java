package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class GateChunksTest {
    @ParameterizedTest(name = "N={0} K={1} E={2}")
    @CsvSource({
        "1, 2, 2, 32, 1", // less than a block
        "1024, 2, 64, 256, 1",
        "1025, 2, 64, 256, 2",
        "65536, 2, 512, 256, 64",
        "1000000000, 2, 512, 256, 64", // as many tokens as two choices of each leave room for
        "100000, 4096, 4096, 256, 1" // the histograms of one chunk are large enough
    })
    void everyTokenIsInOneOfFewChunks(int N, int K, int E, int threads, int count) {
        GateChunks chunks = GateChunks.of(N, K, E);
        assertThat(chunks.threads()).isEqualTo(threads);
        assertThat(chunks.count()).isEqualTo(count);
        assertThat(chunks.tokens() % threads).isZero();
        assertThat((long) chunks.tokens() * count).isGreaterThanOrEqualTo(N);
    }
}
