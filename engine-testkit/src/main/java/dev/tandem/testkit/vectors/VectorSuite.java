package dev.tandem.testkit.vectors;

import dev.tandem.engine.Backend;
import dev.tandem.engine.EngineException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Runs every vector file of a folder on a backend.
public final class VectorSuite {
    private final List<VectorRunner> runners;

    /// A suite of given runners; of two of the same kind the first one runs.
    public VectorSuite(List<? extends VectorRunner> runners) {
        this.runners = List.copyOf(runners);
    }

    /// The runners of single operations, and those that other modules register.
    public static VectorSuite standard() {
        List<VectorRunner> runners = new ArrayList<>(List.of(
                new GatingRunner(),
                new MoeLayerRunner(),
                new AttentionRunner(),
                new LayerNormRunner(),
                new GeluRunner(),
                new CrossEntropyRunner(),
                new EmbeddingRunner(),
                new OptimizerRunner()));
        ServiceLoader.load(VectorRunner.class).forEach(runners::add);
        return new VectorSuite(runners);
    }

    /// The kinds it can run.
    public List<String> kinds() {
        return runners.stream().map(VectorRunner::kind).distinct().toList();
    }

    /// Runs every file of a folder, prints a line for each with the worst error against its bound,
    /// and a summary at the end. A file that cannot be read or run is a failure with a reason.
    ///
    /// @throws IOException if the folder cannot be listed
    public VectorReport run(Path folder, Backend backend, PrintStream out) throws IOException {
        List<VectorReport.Result> results = new ArrayList<>();
        for (Path path : files(folder)) {
            VectorReport.Result result = run(path, backend);
            results.add(result);
            out.println(result);
        }
        var report = new VectorReport(results);
        if (results.isEmpty()) {
            out.printf("no *%s file in %s%n", VectorFile.EXTENSION, folder);
        }
        out.println(report.summary());
        return report;
    }

    /// The vector files of a folder, by name.
    ///
    /// @throws IOException if the folder cannot be listed
    public static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> paths = Files.list(folder)) {
            return paths.filter(path -> path.toString().endsWith(VectorFile.EXTENSION))
                    .sorted()
                    .toList();
        }
    }

    /// Runs one file.
    public VectorReport.Result run(Path path, Backend backend) {
        Path fileName = path.getFileName();
        String name = fileName == null ? path.toString() : fileName.toString();
        try {
            VectorFile file = VectorFile.read(path);
            return new VectorReport.Result(name, runner(file.kind()).run(file, backend), Optional.empty());
        } catch (IOException e) {
            return failed(name, "cannot be read: " + e);
        } catch (MalformedVector e) {
            return failed(name, String.valueOf(e.getMessage()));
        } catch (EngineException | IllegalArgumentException | IllegalStateException e) {
            return failed(name, "the backend refused it: " + e.getMessage());
        } catch (RuntimeException | AssertionError e) {
            return failed(name, "it made the backend fail: " + e);
        }
    }

    private VectorRunner runner(String kind) {
        return runners.stream()
                .filter(runner -> runner.kind().equals(kind))
                .findFirst()
                .orElseThrow(() -> new MalformedVector("its kind '%s' is unknown here; known are %s"
                        .formatted(kind, kinds().stream().collect(Collectors.joining(", ")))));
    }

    private static VectorReport.Result failed(String name, String reason) {
        return new VectorReport.Result(name, List.of(), Optional.of(reason));
    }
}
