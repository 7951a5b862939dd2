package dev.tandem.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tandem.lab.training.Status;
import java.util.List;
import org.junit.jupiter.api.Test;

final class DisplayTest {
    private static final Status STATUS = new Status(
            0.434,
            72.4,
            List.of(
                    new Status.Model("dense", 100, 1.4981, 1.5, 158e3, 124.1),
                    new Status.Model("MoE-32", 80, 1.3829, 1.4, 127e3, 125.1)));

    @Test
    void aTerminalOfEightyColumnsShowsEveryNumber() {
        assertThat(Display.Bar.line(STATUS, 79))
                .hasSize(79)
                .startsWith(" 43 %  72 s left  loss dense 1.498, MoE-32 1.383  143 k tokens/s  125 GFLOP/s ");
    }

    @Test
    void aWiderOneShowsABar() {
        assertThat(Display.Bar.line(STATUS, 119))
                .hasSize(119)
                .startsWith(" 43 %  ██████████··············  72 s left  loss");
        assertThat(Display.Bar.line(STATUS, 90)).hasSize(90).startsWith(" 43 %  █████······  72 s left  loss");
    }
}
