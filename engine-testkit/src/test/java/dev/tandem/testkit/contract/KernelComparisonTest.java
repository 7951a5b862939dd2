package dev.tandem.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.testkit.ReferenceBackend;
import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class KernelComparisonTest {
    private static final Tolerance TOLERANCE = Tolerance.roundings(1);

    private final Backend backend = ReferenceBackend.open();
    private final Backend against = ReferenceBackend.open();

    private KernelComparison compare(Consumer<Workbench> use) {
        try (backend;
                against) {
            return KernelComparison.of(
                    new KernelTrials("Add", List.of(Trial.of("the trial", use)), false), backend, against);
        }
    }

    /// A float that only the backend under test moves away from 1.
    private KernelComparison compareFloats(double difference) {
        return compare(on -> {
            Tensor y = on.judged("y", TOLERANCE, on.input("y", Role.ACTIVATION, new float[] {1}, 1));
            on.kernels();
            if (isUnderTest(y)) {
                ReferenceBackend.set(y, 1 + difference);
            }
        });
    }

    private boolean isUnderTest(Tensor tensor) {
        return tensor.storage().region().backend() == backend;
    }

    @Test
    void equalFloatsAreAtNoDistance() {
        KernelComparison found = compareFloats(0);

        assertThat(found.passed()).isTrue();
        assertThat(found.worst()).isZero();
        assertThat(found.seconds()).isPositive();
        assertThat(found.speed()).isPositive();
    }

    @Test
    void distancesAreInUnitsOfTheTolerance() {
        KernelComparison found = compareFloats(0.75 * TOLERANCE.relative());

        assertThat(found.worst()).isBetween(0.74, 0.76);
        assertThat(found.passed()).isTrue();
    }

    @Test
    void moreThanTheToleranceIsAComplaint() {
        KernelComparison found = compareFloats(1.5 * TOLERANCE.relative());

        assertThat(found.passed()).isFalse();
        assertThat(found.complaints()).singleElement().asString().contains("the trial", "y", "1.50 tolerances");
    }

    @Test
    void whatIsNoNumberIsInfinitelyFarOff() {
        KernelComparison found = compareFloats(Double.NaN);

        assertThat(found.worst()).isInfinite();
        assertThat(found.passed()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void productsMayBeALibrarysThatRoundsOnceMore(boolean products) {
        Trial trial = Trial.of("the trial", on -> {
                    Tensor y = on.judged("y", TOLERANCE, on.input("y", Role.ACTIVATION, new float[] {1.5f}, 1));
                    on.kernels();
                    if (isUnderTest(y)) {
                        ReferenceBackend.set(y, 1.5 + 0x1p-6);
                    }
                })
                .in(ElementType.BF16);
        try (backend;
                against) {
            var found = KernelComparison.of(new KernelTrials("Linear", List.of(trial), products), backend, against);

            assertThat(found.passed()).isEqualTo(products);
        }
    }

    @Test
    void integersAreEqualOrCounted() {
        KernelComparison found = compare(on -> {
            Tensor slots = on.integerResult("slot", 3);
            on.kernels();
            slots.storage().region().backend().upload(slots, isUnderTest(slots) ? new int[] {0, 1, 1} : new int[3]);
        });

        assertThat(found.integersDiffer()).isOne();
        assertThat(found.worst()).isZero();
        assertThat(found.complaints()).containsExactly("the trial: the integers slot differ");
    }

    @Test
    void aBackendThatRefusesATrialIsNamed() {
        KernelComparison found = compare(on -> {
            throw new IllegalArgumentException("not today");
        });

        assertThat(found.complaints())
                .hasSize(2)
                .allMatch(complaint -> complaint.equals("the trial: reference refused it: not today"));
    }

    @Test
    void everyKernelHasTrialsAndTheReferencePassesThem() {
        try (backend;
                against) {
            assertThat(KernelTrials.all()).hasSize(15).allSatisfy(cases -> {
                KernelComparison found = KernelComparison.of(cases.first(1), backend, against);
                assertThat(found.passed()).as(found.toString()).isTrue();
                assertThat(found.trials()).isOne();
            });
        }
    }

    @Test
    void trialsNeedNoTestLibrary() throws Exception {
        List<URL> jars = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            if (!entry.matches(".*(junit|assertj|opentest4j).*")) {
                jars.add(Path.of(entry).toUri().toURL());
            }
        }
        try (var alone = new URLClassLoader(jars.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
            Object all = alone.loadClass(KernelTrials.class.getName())
                    .getMethod("all")
                    .invoke(null);
            assertThat((List<?>) all).hasSize(15);
        }
    }
}
