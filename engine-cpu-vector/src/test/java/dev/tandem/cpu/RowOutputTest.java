package dev.tandem.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tandem.engine.kernel.GeluForm;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class RowOutputTest {
    private static final long Y = 1 << 20;
    private static final long PRE = 1 << 24;
    private static final long STRIDE = 4096;

    private record Asked(long first, long stride, int rows) {}

    private static final class Recording extends RowOutput {
        final List<Asked> asked = new ArrayList<>();

        Recording() {
            super(new HeldMemory());
        }

        @Override
        void fetch(long first, long stride, int rows) {
            asked.add(new Asked(first, stride, rows));
        }
    }

    @Test
    void asksForTheRowsOfATileInThePanelThatItWrites() {
        var output = new Recording();
        output.rows(Y, STRIDE);
        output.askForTarget(18, 9, 64);
        assertThat(output.asked).containsExactly(new Asked(Y + 18 * STRIDE + 64 * Float.BYTES, STRIDE, 9));
    }

    @Test
    void asksForThePreActivationsToo() {
        var output = new Recording();
        output.rows(Y, STRIDE, PRE, 0, Optional.of(GeluForm.ERF));
        output.askForTarget(0, 4, 32);
        long column = 32 * Float.BYTES;
        assertThat(output.asked).containsExactly(new Asked(Y + column, STRIDE, 4), new Asked(PRE + column, STRIDE, 4));
    }
}
