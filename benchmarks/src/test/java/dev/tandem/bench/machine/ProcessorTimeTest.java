package dev.tandem.bench.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class ProcessorTimeTest {
    @Test
    void foreignTimeIsWhatThisProcessDidNotUse() {
        var begin = ProcessorTime.parse("cpu  100 0 50 1000 5 1 2 7 0 0", 10, 1);
        var end = ProcessorTime.parse("cpu  260 10 60 1100 9 1 2 27 0 0", 11, 2.3);
        // 1.8 s busy, 1.3 of them ours, in one second of two processors
        assertThat(end.foreignSince(begin, 2)).isCloseTo(0.25, within(1e-9));
        assertThat(end.stolenSince(begin, 2)).isCloseTo(0.1, within(1e-9));
    }

    @Test
    void roundingNeverMakesForeignTimeNegative() {
        var begin = ProcessorTime.parse("cpu 100 0 0 0 0 0 0 0", 0, 0);
        var end = ProcessorTime.parse("cpu 150 0 0 0 0 0 0 0", 1, 0.6);
        assertThat(end.foreignSince(begin, 2)).isZero();
    }
}
