package dev.tandem.lab.gpu;

import dev.tandem.engine.Availability;
import dev.tandem.engine.BackendProvider;
import dev.tandem.lab.BadInputException;
import dev.tandem.lab.report.JsonReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

/// Checks a machine with a GPU: is what it computes correct, does it repeat, how fast is it, and
/// how fast are others?
///
/// Where the backend is not available, it does what needs none.
public final class GpuCheck {
    private static final String REPORT = "gpu-check";
    private static final String SCRIPT = "gpu_peers.py";
    private static final String SUBSTITUTE = "cpu-vector";

    private final BackendProvider provider;
    private final Path folder;
    private final Duration time;
    private final LongSupplier nanoTime;

    /// What the check came to.
    public enum Verdict {
        /// Every step passed or had no reason to run.
        PASSED,
        /// A step failed.
        FAILED,
        /// The backend is not available.
        UNAVAILABLE
    }

    /// @param provider of the backend to check
    /// @param folder for the report, results and logs
    /// @param time for everything
    /// @param nanoTime such as [System#nanoTime]
    public GpuCheck(BackendProvider provider, Path folder, Duration time, LongSupplier nanoTime) {
        this.provider = provider;
        this.folder = folder;
        this.time = time;
        this.nanoTime = nanoTime;
    }

    /// Runs every step and writes `gpu-check.json` and `gpu-check.md`.
    ///
    /// @param vectors folder of test vectors, where there are any
    /// @param provenance date, program, machine
    /// @param line is told each line of progress
    public Verdict run(Optional<Path> vectors, Map<String, Object> provenance, Consumer<String> line)
            throws IOException {
        forgetEarlierResults();
        Availability availability = provider.probe();
        String device = switch (availability) {
            case Availability.Available(String description) -> description;
            case Availability.Unavailable(String reason) -> reason;
        };
        boolean available = availability instanceof Availability.Available;
        line.accept("%s %s: %s".formatted(provider.name(), available ? "is" : "is not available", device));
        String searchPath = Objects.requireNonNullElse(System.getenv("PATH"), "");
        var steps = new Steps(provider.name(), folder, vectors, searchPath);
        var report = new GpuReport(
                provenance,
                provider.name(),
                device,
                available,
                provider.requirements(),
                results(available ? steps.all(script()) : steps.withoutDevice(SUBSTITUTE), line),
                Stream.of(Steps.KERNELS, Steps.ORACLE)
                        .map(this::tree)
                        .filter(comparison -> !comparison.list("kernels").isEmpty())
                        .toList(),
                tree(Steps.DETERMINISM),
                measurements(),
                tree(Steps.PEERS));
        Files.writeString(folder.resolve(REPORT + ".json"), report.json());
        Files.writeString(folder.resolve(REPORT + ".md"), report.markdown());
        line.accept("report: " + folder.resolve(REPORT + ".md"));
        if (!available) {
            return Verdict.UNAVAILABLE;
        }
        return report.failed() ? Verdict.FAILED : Verdict.PASSED;
    }

    private List<Step.Result> results(List<Step> steps, Consumer<String> line) throws IOException {
        var runner = new StepRunner(folder, time, nanoTime);
        List<Step.Result> results = new ArrayList<>();
        for (Step step : steps) {
            Step.Result result = Suite.judged(runner.run(step));
            results.add(result);
            line.accept("%-20s %-8s %6.1f s  %s"
                    .formatted(result.name(), result.outcome(), result.seconds(), result.words()));
        }
        return results;
    }

    private void forgetEarlierResults() throws IOException {
        for (String name : Steps.resultNames()) {
            Files.deleteIfExists(folder.resolve(name + ".json"));
        }
    }

    private Path script() throws IOException {
        Path script = folder.resolve(SCRIPT);
        try (InputStream source = Objects.requireNonNull(GpuCheck.class.getResourceAsStream(SCRIPT), SCRIPT)) {
            Files.write(script, source.readAllBytes());
        }
        return script;
    }

    private Tree tree(String name) {
        return Steps.results(folder, name).map(GpuCheck::tree).orElse(Tree.NONE);
    }

    private static Tree tree(Path file) {
        try {
            return new Tree(JsonReader.read(file));
        } catch (BadInputException e) {
            return Tree.NONE; // a step that was ended may leave half a file; its log tells
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private List<Measurement> measurements() throws IOException {
        List<Measurement> measurements = new ArrayList<>();
        for (Suite suite : Suite.all()) {
            Optional<Path> file = Steps.results(folder, suite.step());
            if (file.isPresent() && Files.size(file.get()) > 0) {
                measurements.addAll(Measurement.read(file.get()));
            }
        }
        return measurements;
    }
}
