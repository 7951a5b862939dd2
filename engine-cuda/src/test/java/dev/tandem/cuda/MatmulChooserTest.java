package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tandem.cuda.HostMatmuls.Kind;
import dev.tandem.cuda.Matmul.Epilogue;
import dev.tandem.engine.ElementType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Which products go to a library, by which of its algorithms, and what is kept of the choice.
final class MatmulChooserTest {
    private static final Matmul FORWARD = Matmul.forward(
            ElementType.F32, ElementType.F32, LibraryUse.N, LibraryUse.OUT, LibraryUse.IN, 1, Epilogue.BIAS);
    private static final List<Float> SECOND_IS_FASTER = List.of(2f, 1f, 3f);

    @TempDir
    Path cache;

    private MatmulSetup tuned(HostMatmuls library) {
        return new MatmulSetup(library, true, cache);
    }

    private static HostMatmuls timed(List<Float> times, Kind... kinds) {
        return new HostMatmuls(matmul -> true, List.of(kinds), times, "1");
    }

    private static HostMatmuls three() {
        return timed(SECOND_IS_FASTER, Kind.RIGHT, Kind.RIGHT, Kind.RIGHT);
    }

    private static String run(int algorithm) {
        return "run %d %s".formatted(algorithm, FORWARD.key());
    }

    private static void assertRight(float[] found, float[] wanted) {
        assertThat(found).hasSameSizeAs(wanted);
        for (int i = 0; i < wanted.length; i++) {
            assertThat(found[i]).isCloseTo(wanted[i], within(1e-4f));
        }
    }

    private static float[] wantedForward() {
        try (LibraryUse own = LibraryUse.own()) {
            return own.forward();
        }
    }

    @Test
    void theFastestIsTakenAndStays() {
        HostMatmuls library = three();
        try (LibraryUse use = LibraryUse.of(tuned(library))) {
            assertRight(use.forward(), wantedForward());
            library.asked.clear();
            use.forward();
            use.forward();
        }

        assertThat(library.asked).containsExactly(run(1), run(1), "close");
    }

    @Test
    void aLaterProcessTakesWhatWasKeptAndMeasuresNothing() {
        try (LibraryUse first = LibraryUse.of(tuned(three()))) {
            first.forward();
        }
        HostMatmuls later = timed(List.of(1f, 2f, 3f), Kind.RIGHT, Kind.RIGHT, Kind.RIGHT);
        try (LibraryUse use = LibraryUse.of(tuned(later))) {
            use.forward();
        }

        assertThat(later.asked).containsExactly(run(1), "close");
    }

    @Test
    void anotherVersionOfTheLibraryChoosesAnew() {
        try (LibraryUse first = LibraryUse.of(tuned(three()))) {
            first.forward();
        }
        var later = new HostMatmuls(matmul -> true, List.of(Kind.RIGHT), List.of(), "2");
        try (LibraryUse use = LibraryUse.of(tuned(later))) {
            use.forward();
        }

        assertThat(later.asked).contains("candidates " + FORWARD.key(), run(0));
    }

    @Test
    void aSpoiltLineIsChosenAnewAndMended() throws IOException {
        try (LibraryUse first = LibraryUse.of(tuned(three()))) {
            first.forward();
        }
        Path file = file();
        String kept = Files.readString(file);
        Files.writeString(file, kept.replace("01\t" + FORWARD.key(), "00\t" + FORWARD.key()) + "garbage\n\n\t\t\n");
        HostMatmuls later = three();
        try (LibraryUse use = LibraryUse.of(tuned(later))) {
            assertRight(use.forward(), wantedForward());
        }

        assertThat(later.asked).contains("candidates " + FORWARD.key()).endsWith(run(1), "close");
        assertThat(Files.readString(file)).isEqualTo(kept);
    }

    private Path file() throws IOException {
        try (Stream<Path> files = Files.list(cache)) {
            return files.filter(file -> file.toString().endsWith(".txt"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    @Test
    void aKeptAlgorithmThatTheLibraryDoesNotKnowIsReplaced() {
        try (LibraryUse first = LibraryUse.of(tuned(three()))) {
            first.forward();
        }
        for (int process = 0; process < 2; process++) {
            HostMatmuls later = timed(List.of(), Kind.RIGHT, Kind.FOREIGN);
            try (LibraryUse use = LibraryUse.of(tuned(later))) {
                use.forward();
            }
            assertThat(later.asked).endsWith(run(0), "close");
            assertThat(later.asked.contains("candidates " + FORWARD.key())).isEqualTo(process == 0);
        }
    }

    @Test
    void withoutTuningTheFirstThatIsRightIsTakenAndNothingIsKept() throws IOException {
        HostMatmuls library = timed(SECOND_IS_FASTER, Kind.SHORT, Kind.RIGHT, Kind.RIGHT);
        try (LibraryUse use = LibraryUse.of(new MatmulSetup(library, false, cache))) {
            assertRight(use.forward(), wantedForward());
        }

        assertThat(library.asked).endsWith(run(1), "close").doesNotContain("time", run(2));
        try (Stream<Path> files = Files.list(cache)) {
            assertThat(files).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource(
            names = {"RIGHT", "LAST_RESORT"},
            mode = EnumSource.Mode.EXCLUDE)
    void afterAWrongAlgorithmComesOneThatIsRight(Kind wrong) {
        HostMatmuls library = timed(List.of(0f, 5f), wrong, Kind.RIGHT);
        try (LibraryUse use = LibraryUse.of(tuned(library));
                LibraryUse own = LibraryUse.own()) {
            assertRight(use.forward(), own.forward());
            assertRight(use.gradient(), own.gradient());
            library.asked.clear();
            use.forward();
            use.gradient();
        }

        assertThat(library.runs().keySet()).hasSize(2).allMatch(line -> line.startsWith("run 1 "));
    }

    @ParameterizedTest
    @EnumSource(names = {"SHORT", "FORGETFUL", "COARSE", "FOREIGN", "REFUSING"})
    void whereAllAlgorithmsAreWrongOurOwnProductsCompute(Kind wrong) {
        HostMatmuls library = timed(List.of(), wrong);
        try (LibraryUse use = LibraryUse.of(tuned(library));
                LibraryUse own = LibraryUse.own()) {
            assertRight(use.forward(), own.forward());
            assertRight(use.gradient(), own.gradient());
            library.asked.clear();
            assertRight(use.gradient(), own.gradient());
        }

        assertThat(library.asked).as("after it was refused").containsExactly("close");
    }

    @Test
    void whatOneAlgorithmLeftIsNoResultOfTheNext() {
        HostMatmuls library = timed(List.of(5f, 0f), Kind.RIGHT, Kind.SHORT);
        try (LibraryUse use = LibraryUse.of(tuned(library))) {
            use.forward();
        }

        assertThat(library.asked).endsWith(run(0), "close");
    }

    @Test
    void whatTheLibraryDoesNotSupportIsAskedOnce() {
        HostMatmuls library = HostMatmuls.refusing();
        try (LibraryUse use = LibraryUse.of(tuned(library))) {
            assertRight(use.forward(), wantedForward());
            use.forward();
        }

        assertThat(library.asked)
                .containsExactly(
                        "candidates " + FORWARD.key(),
                        "candidates " + FORWARD.key().replace("BIAS", "NONE"),
                        "close");
    }

    @Test
    void aLibraryWithoutBiasesLeavesThemToAPass() {
        HostMatmuls library = HostMatmuls.supporting(matmul -> matmul.epilogue() == Epilogue.NONE);
        try (LibraryUse use = LibraryUse.of(tuned(library))) {
            assertRight(use.forward(), wantedForward());
        }

        assertThat(library.runs()).hasSize(1);
    }

    @Test
    void operandsThatTellNothingDecideNothing() {
        HostMatmuls library = timed(List.of(), Kind.FORGETFUL, Kind.RIGHT);
        try (LibraryUse use = LibraryUse.of(tuned(library));
                LibraryUse own = LibraryUse.own()) {
            use.forward();
            own.forward();
            use.zeroX();
            assertThat(use.gradient()).containsOnly(0);
            assertThat(library.asked.getLast()).as("its choice is open").startsWith("run 0");
        }
    }

    @Test
    void stepsThatBecomeGraphsRunOurOwnProducts() {
        HostMatmuls library = three();
        try (LibraryUse use = LibraryUse.of(tuned(library))) {
            use.calls.calls();
            use.forwardRepeated();
            assertThat(use.calls.calls().keySet()).doesNotContain("download", "synchronize");
            assertThat(library.asked).isEmpty();
            assertRight(use.forward(), wantedForward());
            library.asked.clear();
            use.forwardRepeated();
            assertThat(library.asked).isEmpty();
        }
    }

    @Test
    void repeatedStepsRunTheSameProductsWithoutGraphs() {
        HostMatmuls library = three();
        var plain = new CountingAccelerator(new HostShim(Schedule.FORWARD, tuned(library)), false);
        try (LibraryUse use = new LibraryUse(plain)) {
            use.forwardRepeated();
            assertThat(library.asked).isEmpty();
            use.forward();
            assertThat(library.asked).as("behind the step").isNotEmpty();
        }
    }

    @Test
    void stepsThatBecomeGraphsMakeNothingReadyForTheLibrary() {
        try (LibraryUse use = LibraryUse.of(tuned(three()))) {
            assertThat(use.forwardBf16Repeated()).as("no bias is rounded").containsOnlyKeys("graph", "launch");
        }
    }

    @Test
    void onceChosenNothingIsWaitedForOrAllocated() {
        try (LibraryUse use = LibraryUse.of(tuned(three()))) {
            use.forward();
            use.calls.calls();
            use.enqueueForward();

            assertThat(use.calls.calls()).isEmpty();
        }
    }

    @Test
    void fewRowsStreamAndUnalignedOperandsStayOurs() {
        HostMatmuls library = three();
        try (LibraryUse use = LibraryUse.of(tuned(library))) {
            use.forwardRows(0, 8);
            use.forwardUnaligned();
            assertThat(library.asked).isEmpty();
            use.forwardRows(0, 9);
            assertThat(library.asked).isNotEmpty();
        }
    }
}
