package dev.tandem.bench;

import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNoException;

import dev.tandem.engine.Tensor;
import dev.tandem.gpt.Precision;
import dev.tandem.testkit.ReferenceBackend;
import java.util.List;
import org.junit.jupiter.api.Test;

class AgreementTest {
    /// A sum that one of the two gets wrong by a factor.
    private record Sum(Room room, Tensor y, double error) implements Problem {
        static Sum in(Room room, double error) {
            return new Sum(room, room.activation("y", 5, 7), error);
        }

        @Override
        public void run() {
            room.kernels().add().forward(y, y, y);
            ReferenceBackend.set(y, 3, ReferenceBackend.get(y, 3) * (1 + error));
        }

        @Override
        public List<Tensor> results() {
            return List.of(y);
        }

        @Override
        public int terms() {
            return 2;
        }
    }

    private static void compare(double error) {
        compare(error, Precision.F32);
    }

    private static void compare(double error, Precision precision) {
        try (var backend = ReferenceBackend.open();
                var tried = new Room(backend);
                var trusted = new Room(backend)) {
            Agreement.require(Sum.in(tried, error), Sum.in(trusted, 0), precision);
        }
    }

    @Test
    void roundingIsNoDisagreement() {
        assertThatNoException().isThrownBy(() -> compare(1e-7));
    }

    @Test
    void inBf16ValuesBesideATieMayBeRoundedToEitherSide() {
        assertThatNoException().isThrownBy(() -> compare(0.01, Precision.BF16));
        assertThatIllegalStateException().isThrownBy(() -> compare(0.3, Precision.BF16));
    }

    @Test
    void aWrongElementIsNamed() {
        assertThatIllegalStateException().isThrownBy(() -> compare(0.01)).withMessageContaining("y, element 3");
    }

    @Test
    void whatIsNoNumberDisagrees() {
        assertThatIllegalStateException().isThrownBy(() -> compare(Double.NaN));
    }
}
