package dev.tandem.testkit.contract;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.Assertions;

/// Compares a call with the same one whose output is one of its inputs. Results are matched by
/// name.
final class Aliasing {
    private static final long SEED = 4711;

    private Aliasing() {}

    static void givesTheSame(Supplier<Backend> open, Consumer<Workbench> apart, Consumer<Workbench> aliased) {
        try (Backend device = open.get()) {
            List<Outcome> wanted = KernelContract.outcomes(
                    device, new Trial("apart", SEED, ElementType.F32, ElementType.F32, apart), false);
            for (Outcome found : KernelContract.outcomes(
                    device, new Trial("aliased", SEED, ElementType.F32, ElementType.F32, aliased), false)) {
                Outcome expected = wanted.stream()
                        .filter(outcome -> outcome.name().equals(found.name()))
                        .findFirst()
                        .orElseGet(() -> Assertions.fail("nothing to compare " + found.name() + " with"));
                expected.assertSameBits(found);
            }
        }
    }
}
