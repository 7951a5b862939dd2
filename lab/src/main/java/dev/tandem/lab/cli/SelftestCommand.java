package dev.tandem.lab.cli;

import dev.tandem.engine.Backend;
import dev.tandem.lab.BadInputException;
import dev.tandem.lab.report.Fields;
import dev.tandem.lab.report.Json;
import dev.tandem.lab.report.OutputFolder;
import dev.tandem.lab.selftest.BackendTable;
import dev.tandem.lab.selftest.Determinism;
import dev.tandem.lab.selftest.ReferenceCheck;
import dev.tandem.testkit.vectors.VectorSuite;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// Checks that a backend computes what it should.
@Command(
        name = "selftest",
        description = {
            "Checks that a backend computes what it should. Without one of --vectors, --against and --determinism: small"
                    + " models against the float64 reference. The last line is 'N passed, M failed'."
        })
final class SelftestCommand implements Callable<Integer> {
    private static final int MOST_TRIALS = 1000;
    private static final String VECTORS_REMEDY = "Give the folder that holds the *.safetensors files";

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Mixin
    private final BackendChoice backendChoice = new BackendChoice();

    @ArgGroup
    private Kind kind = new Kind();

    @Option(
            names = "--trials",
            paramLabel = "N",
            description = "With --against: at most the N smallest uses of each kernel. Default: all.")
    private Optional<Integer> trials = Optional.empty();

    @Option(
            names = "--json",
            paramLabel = "FILE",
            description = "With --against and --determinism: write the results as JSON, too.")
    private Optional<Path> json = Optional.empty();

    /// What to check, one at a time.
    private static final class Kind {
        @Option(names = "--vectors", paramLabel = "DIR", description = "Every *.safetensors test vector of a folder.")
        private Optional<Path> vectors = Optional.empty();

        @Option(
                names = "--against",
                paramLabel = "NAME",
                description = "Every kernel against another backend, with a table: the largest error in units of the"
                        + " kernel's tolerance, whether integers such as routings are equal, and the ratio of speeds.")
        private Optional<String> against = Optional.empty();

        @Option(
                names = "--determinism",
                description = "Train a small model twice: every bit of every parameter must repeat.")
        private boolean determinism;
    }

    @Override
    public Integer call() throws IOException {
        trials.ifPresent(this::requireUse);
        kind.vectors.ifPresent(SelftestCommand::requireFolder);
        json.ifPresent(this::requireUse);
        PrintWriter out = spec.commandLine().getOut();
        try (Backend backend = backendChoice.open()) {
            backendChoice.announce(backend, out::println);
            return passed(backend, out) ? ExitCode.OK : ExitCode.FAILED;
        }
    }

    private boolean passed(Backend backend, PrintWriter out) throws IOException {
        if (kind.vectors.isPresent()) {
            return vectorsPass(kind.vectors.get(), backend, out);
        }
        if (kind.against.isPresent()) {
            return agrees(backend, kind.against.get(), out);
        }
        return kind.determinism ? repeats(backend, out) : ReferenceCheck.run(backend, stream(out));
    }

    private boolean vectorsPass(Path folder, Backend backend, PrintWriter out) throws IOException {
        var report = VectorSuite.standard().run(folder, backend, stream(out));
        if (report.results().isEmpty()) {
            spec.commandLine()
                    .getErr()
                    .println("%s: --vectors %s: it holds no *.safetensors file, so nothing was checked. %s."
                            .formatted(spec.qualifiedName(), folder, VECTORS_REMEDY));
        }
        return report.succeeded();
    }

    private boolean agrees(Backend backend, String other, PrintWriter out) throws IOException {
        try (Backend against = backendChoice.open("--against", other)) {
            out.println("against " + against.name() + ": " + against.description());
            var table = BackendTable.of(backend, against, trials.orElse(MOST_TRIALS));
            table.print(out::println);
            write(table.json());
            return table.passed();
        }
    }

    private boolean repeats(Backend backend, PrintWriter out) throws IOException {
        List<Determinism> found = Determinism.of(backend);
        out.println("SHA-256 of all parameters after %d updates".formatted(Determinism.UPDATES));
        for (Determinism run : found) {
            out.println("%s first   %s".formatted(run.precision(), run.first()));
            out.println("%s second  %s".formatted(run.precision(), run.second()));
        }
        long passed = found.stream().filter(Determinism::passed).count();
        out.println("%d passed, %d failed".formatted(passed, found.size() - passed));
        write(new Fields()
                .with("backend", backend.name())
                .with("updates", Determinism.UPDATES)
                .with("runs", found.stream().map(SelftestCommand::fields).toList())
                .map());
        return passed == found.size();
    }

    private static Map<String, Object> fields(Determinism run) {
        return new Fields()
                .with("precision", run.precision().toString())
                .with("first", run.first())
                .with("second", run.second())
                .with("passed", run.passed())
                .map();
    }

    private void requireUse(int count) {
        Ranges.require("--trials", count, 1, MOST_TRIALS);
        if (kind.against.isEmpty()) {
            throw new BadInputException(
                    "--trials " + count,
                    "it says how many uses of a kernel --against compares",
                    "Add --against NAME or leave --trials away");
        }
    }

    /// Refuses a file that nothing would be written to, or that nothing can be written to.
    private void requireUse(Path file) {
        if (kind.against.isEmpty() && !kind.determinism) {
            throw new BadInputException(
                    "--json " + file,
                    "only --against and --determinism have results to write",
                    "Add one of them or leave --json away");
        }
        OutputFolder.requireWritable(file, "--json");
    }

    private void write(Map<String, Object> results) throws IOException {
        if (json.isPresent()) {
            Files.writeString(json.get(), Json.pretty(results));
        }
    }

    static void requireFolder(Path folder) {
        if (!Files.isDirectory(folder) || !Files.isReadable(folder)) {
            throw new BadInputException(
                    "--vectors " + folder,
                    Files.exists(folder) ? "it is no folder that can be read" : "there is no such folder",
                    VECTORS_REMEDY);
        }
    }

    /// A stream that prints to the command line's writer.
    private static PrintStream stream(PrintWriter writer) {
        return new PrintStream(
                new OutputStream() {
                    private final ByteArrayOutputStream line = new ByteArrayOutputStream();

                    @Override
                    public void write(int b) {
                        line.write(b);
                        if (b == '\n') {
                            flush();
                        }
                    }

                    @Override
                    public void flush() {
                        writer.print(line.toString(StandardCharsets.UTF_8));
                        writer.flush();
                        line.reset();
                    }
                },
                true,
                StandardCharsets.UTF_8);
    }
}
