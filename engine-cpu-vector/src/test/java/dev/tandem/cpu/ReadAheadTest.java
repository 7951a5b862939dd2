package dev.tandem.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ReadAheadTest {
    private static final long NEXT = 1 << 20;
    private static final long SOON = 1 << 24;
    private static final int LINE = 64;
    private static final int MOST_LINES_AT_ONCE = 2048 / LINE;

    /// Counts lines instead of asking for them.
    private static final class Counted extends ReadAhead {
        final Map<Long, Integer> asked = new HashMap<>();

        Counted(int leastBytesToAsk) {
            this(Buffers.moreThanCachesHold(), leastBytesToAsk);
        }

        Counted(HeldMemory held, int leastBytesToAsk) {
            super(held, leastBytesToAsk);
        }

        @Override
        void fetch(long first, long bytes) {
            for (long line = first / LINE; line * LINE < first + bytes; line++) {
                asked.merge(line, 1, Integer::sum);
            }
        }
    }

    @ParameterizedTest(name = "{0} tiles, {1} pieces of {2} bytes, {3} soon")
    @CsvSource({
        "29, 1, 32768, 0",
        "4, 8, 4096, 0",
        "57, 3, 640, 0",
        "3, 2, 32768, 0",
        "20, 1, 32768, 16384",
        "3, 5, 128, 512",
        "1, 2, 4096, 0"
    })
    void tilesAskForEachLineOnce(int tiles, int pieces, long pieceBytes, long soonBytes) {
        assumeTrue(Prefetch.AVAILABLE, "no prefetching here");
        var ahead = new Counted(ReadAhead.GRADIENTS);
        long stride = 2 * pieceBytes;
        ahead.next(NEXT, pieces, pieceBytes, stride);
        ahead.soon(SOON, soonBytes);
        int parts = ahead.spread(tiles, 256);
        for (int part = 0; part < tiles * parts; part++) {
            assertThat(ahead.step(part)).isZero();
            int before = ahead.asked.size();
            ahead.ask();
            assertThat(ahead.asked.size() - before).isLessThanOrEqualTo(MOST_LINES_AT_ONCE);
        }
        var expected = new HashMap<Long, Integer>();
        for (int piece = 0; piece < pieces; piece++) {
            for (long at = 0; at < pieceBytes; at += LINE) {
                expected.put((NEXT + piece * stride + at) / LINE, 1);
            }
        }
        for (long at = 0; at < soonBytes; at += LINE) {
            expected.put((SOON + at) / LINE, 1);
        }
        assertThat(ahead.asked).isEqualTo(expected);
    }

    @Test
    void tilesReadInsteadOfAskingWhereTheyDoManyStepsForEachLine() {
        var ahead = new Counted(20); // more than the 32768 / (29 * 256) that there are
        ahead.next(NEXT, 1, 32768, 0);
        ahead.spread(29, 256);
        for (int tile = 0; tile < 29; tile++) {
            assertThat(ahead.step(tile)).isPositive();
            assertThat(ahead.address(tile)).isBetween(NEXT, NEXT + 32768 - 256 * ahead.step(tile));
            ahead.ask();
        }
        assertThat(ahead.asked).isEmpty();
    }

    @Test
    void nothingIsAskedForWhereAllTensorsFitTheCache() {
        var held = new HeldMemory();
        assumeTrue(held.cached() && Prefetch.AVAILABLE, "no prefetching here");
        var ahead = new Counted(held, ReadAhead.WEIGHTS);
        ahead.next(NEXT, 1, 32768, 0);
        assertThat(ahead.spread(3, 256)).isEqualTo(1);
        assertThat(ahead.step(0)).isZero();
        ahead.ask();
        assertThat(ahead.asked).isEmpty();
        held.add(1L << 40);
        assertThat(ahead.spread(3, 256)).isGreaterThan(1);
        held.remove(1L << 40);
        assertThat(ahead.spread(3, 256)).isEqualTo(1);
    }

    @Test
    void nothingIsAskedForWhereThereIsNothingAhead() {
        var ahead = new Counted(ReadAhead.GRADIENTS);
        ahead.spread(5, 256);
        for (int tile = 0; tile < 5; tile++) {
            ahead.ask();
        }
        assertThat(ahead.asked).isEmpty();
    }

    @Test
    void asksForMemoryThatIsNotThere() {
        Prefetch.lines(0, LINE);
        Prefetch.lines(-1L << 20, 1 << 12);
        Prefetch.lines(NEXT, 0);
        Prefetch.rows(0, LINE, 3);
        Prefetch.rows(-1L << 20, 1 << 12, 3);
        Prefetch.rows(NEXT, LINE, 0);
        assertThat(Prefetch.AVAILABLE)
                .isEqualTo(Processor.LINUX
                        && Processor.X86_64
                        && !System.getProperty("tandem.cpu.prefetch", "true").equals("false"));
    }
}
