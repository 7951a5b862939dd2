package dev.tandem.testkit.vectors;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// What became of the files of a folder.
///
/// @param results one for each file, in the order of their names
public record VectorReport(List<Result> results) {
    /// What became of one file.
    ///
    /// @param file name of the file
    /// @param comparisons its results; empty if it could not be run
    /// @param reason why it could not be run
    public record Result(String file, List<Comparison> comparisons, Optional<String> reason) {
        /// Whether it was run and every result stays within its bound.
        public boolean passed() {
            return reason.isEmpty()
                    && !comparisons.isEmpty()
                    && comparisons.stream().allMatch(Comparison::passed);
        }

        /// The result that comes closest to its bound, or exceeds it most.
        public Optional<Comparison> worst() {
            return comparisons.stream().max(Comparator.comparingDouble(Comparison::severity));
        }

        @Override
        public String toString() {
            String outcome = reason.or(() -> worst().map(Comparison::toString)).orElse("nothing was compared");
            return "%s  %-36s %s".formatted(passed() ? "pass" : "FAIL", file, outcome);
        }
    }

    /// Copies the list.
    public VectorReport {
        results = List.copyOf(results);
    }

    /// Files that passed.
    public int passed() {
        return (int) results.stream().filter(Result::passed).count();
    }

    /// Files that did not.
    public int failed() {
        return results.size() - passed();
    }

    /// Whether there were files and all of them passed.
    public boolean succeeded() {
        return failed() == 0 && passed() > 0;
    }

    /// The last line: `N passed, M failed`.
    public String summary() {
        return "%d passed, %d failed".formatted(passed(), failed());
    }
}
