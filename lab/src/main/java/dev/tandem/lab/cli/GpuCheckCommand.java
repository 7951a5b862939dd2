package dev.tandem.lab.cli;

import dev.tandem.engine.BackendProvider;
import dev.tandem.engine.Backends;
import dev.tandem.lab.BadInputException;
import dev.tandem.lab.gpu.GpuCheck;
import dev.tandem.lab.report.Fields;
import dev.tandem.lab.report.OutputFolder;
import dev.tandem.lab.report.Provenance;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// Checks a machine with a GPU and writes one report.
@Command(
        name = "gpu-check",
        description = {
            "Checks a machine with a GPU: versions, test vectors, every kernel against the CPU, determinism, NVIDIA's"
                    + " sanitizers, JMH suites and PyTorch side by side, as far as they are installed. Writes gpu-check.json"
                    + " and gpu-check.md. Without a GPU it checks what needs none, and ends with exit code 3."
        })
final class GpuCheckCommand implements Callable<Integer> {
    private static final double SECONDS_PER_MINUTE = 60;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(names = "--out", paramLabel = "DIR", description = "Folder for the report. Default: ${DEFAULT-VALUE}.")
    private Path out = Path.of("runs", "gpu-check");

    @Option(names = "--backend", paramLabel = "NAME", description = "Backend to check. Default: ${DEFAULT-VALUE}.")
    private String backend = "cuda";

    @Option(names = "--vectors", paramLabel = "DIR", description = "Folder of *.safetensors test vectors.")
    private Optional<Path> vectors = Optional.empty();

    @Option(
            names = "--minutes",
            paramLabel = "M",
            description = "Time for all steps; what does not fit is skipped. Default: ${DEFAULT-VALUE}.")
    private double minutes = 7.5;

    @Override
    public Integer call() throws IOException {
        Ranges.require("--minutes", minutes, 0.1, 600);
        vectors.ifPresent(SelftestCommand::requireFolder);
        BackendProvider provider = Backends.providers().stream()
                .filter(candidate -> candidate.name().equals(backend))
                .findFirst()
                .orElseThrow(() -> new BadInputException(
                        "--backend " + backend, "there is no backend of that name", "See 'tandem doctor'"));
        Path folder = OutputFolder.prepare(out).path();
        PrintWriter text = spec.commandLine().getOut();
        var time = Duration.ofMillis((long) (minutes * SECONDS_PER_MINUTE * 1000));
        var check = new GpuCheck(provider, folder, time, System::nanoTime);
        return switch (check.run(vectors, provenance(), text::println)) {
            case PASSED -> ExitCode.OK;
            case FAILED -> ExitCode.FAILED;
            case UNAVAILABLE -> ExitCode.NO_BACKEND;
        };
    }

    private static Map<String, Object> provenance() {
        var fields = new Fields()
                .with("date", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        Provenance.ofThisProcess(Version.current()).map().forEach(fields::with);
        return fields.map();
    }
}
