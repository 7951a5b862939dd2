package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What products by a library need of memory, and what becomes of them without.
final class MatmulRoomTest {
    @TempDir
    Path cache;

    private MatmulSetup tuned(HostMatmuls library) {
        return new MatmulSetup(library, true, cache);
    }

    @Test
    void theWorkspaceIsAllThatStays() {
        try (LibraryUse use = LibraryUse.of(tuned(HostMatmuls.right()))) {
            long before = use.backend().memoryUsage().workspace();
            use.forward();
            long more = use.backend().memoryUsage().workspace() - before;

            assertThat(more)
                    .isGreaterThanOrEqualTo(MatmulLibrary.WORKSPACE_BYTES)
                    .isLessThan(MatmulLibrary.WORKSPACE_BYTES + 10_000);
        }
    }

    @Test
    void withoutRoomForATrialOurOwnProductsCompute() {
        HostMatmuls library = HostMatmuls.right();
        long room = MatmulLibrary.WORKSPACE_BYTES + 10_000;
        try (LibraryUse use = new LibraryUse(new HostShim(Schedule.FORWARD, room, tuned(library)));
                LibraryUse own = LibraryUse.own()) {
            assertThat(use.forward()).isEqualTo(own.forward());
        }

        assertThat(library.runs()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void withoutRoomForTheWorkspaceOurOwnProductsCompute(boolean kept) {
        if (kept) {
            try (LibraryUse first = LibraryUse.of(tuned(HostMatmuls.right()))) {
                first.forward();
            }
        }
        HostMatmuls library = HostMatmuls.right();
        long room = MatmulLibrary.WORKSPACE_BYTES - 1;
        try (LibraryUse use = new LibraryUse(new HostShim(Schedule.FORWARD, room, tuned(library)));
                LibraryUse own = LibraryUse.own()) {
            assertThat(use.forward()).isEqualTo(own.forward());
            use.calls.calls();
            assertThat(use.gradient()).isEqualTo(own.gradient());
            assertThat(use.calls.calls()).as("nobody asks for it again").doesNotContainKey("allocate");
        }

        assertThat(library.asked).containsExactly("close");
    }
}
