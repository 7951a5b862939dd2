package dev.tandem.lab.cli;

import dev.tandem.engine.Backend;
import dev.tandem.lab.BadInputException;
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
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// Checks that a backend computes what it should.
@Command(
        name = "selftest",
        description = {
            "Checks that a backend computes what it should: with --vectors against every vector file of a folder, else small"
                    + " models against the float64 reference. The last line is 'N passed, M failed'."
        })
final class SelftestCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Mixin
    private final BackendChoice backendChoice = new BackendChoice();

    @Option(names = "--vectors", paramLabel = "DIR", description = "Folder of *.safetensors test vectors.")
    private Optional<Path> vectors = Optional.empty();

    @Override
    public Integer call() throws IOException {
        vectors.ifPresent(SelftestCommand::requireFolder);
        var out = stream(spec.commandLine().getOut());
        try (Backend backend = backendChoice.open()) {
            out.println("backend " + backend.name() + ": " + backend.description());
            boolean passed = vectors.isPresent()
                    ? VectorSuite.standard().run(vectors.get(), backend, out).succeeded()
                    : ReferenceCheck.run(backend, out);
            return passed ? ExitCode.OK : ExitCode.FAILED;
        }
    }

    private static void requireFolder(Path folder) {
        if (!Files.isDirectory(folder) || !Files.isReadable(folder)) {
            throw new BadInputException(
                    "--vectors " + folder,
                    Files.exists(folder) ? "it is no folder that can be read" : "there is no such folder",
                    "Give the folder that holds the *.safetensors files");
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
