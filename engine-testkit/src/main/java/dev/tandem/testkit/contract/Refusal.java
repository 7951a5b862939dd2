package dev.tandem.testkit.contract;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// A call that must be refused, at the latest when its results are asked for.
final class Refusal {
    private static final long SEED = 4711;

    private Refusal() {}

    static void of(Supplier<Backend> open, Consumer<Workbench> call) {
        try (Backend device = open.get();
                var workbench = new Workbench(
                        device,
                        new Trial("refusal", SEED, ElementType.F32, ElementType.F32, call),
                        false,
                        Sabotage.NONE)) {
            assertThatIllegalArgumentException().isThrownBy(() -> {
                call.accept(workbench);
                device.synchronize();
            });
            device.synchronize();
        }
    }
}
