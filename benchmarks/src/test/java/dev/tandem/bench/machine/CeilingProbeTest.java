package dev.tandem.bench.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CeilingProbeTest {
    private static final double ANY = 1e6; // per second: of one that measures at all

    @ParameterizedTest
    @CsvSource({"1, 1", "1, 700000", "2, 700000", "3, 5000000"})
    void everyCeilingIsMeasuredOverAnyMemory(int threads, double bytes) {
        try (var probe = new CeilingProbe(threads)) {
            Ceilings ceilings = probe.measure(bytes);
            assertThat(List.of(
                            ceilings.flops(),
                            ceilings.readBytes(),
                            ceilings.copyBytes(),
                            ceilings.writeBytes(),
                            ceilings.updateBytes()))
                    .allMatch(rate -> rate > ANY && Double.isFinite(rate));
            boolean several = Math.min(threads, Runtime.getRuntime().availableProcessors()) > 1;
            assertThat(ceilings.handover()).isBetween(several ? 1e-9 : 0, several ? 0.1 : 0);
        }
    }
}
