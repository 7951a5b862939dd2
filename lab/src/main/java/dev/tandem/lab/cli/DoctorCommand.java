package dev.tandem.lab.cli;

import dev.tandem.engine.Availability;
import dev.tandem.engine.Backends;
import dev.tandem.lab.report.Provenance;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// Says what this machine offers.
@Command(
        name = "doctor",
        description =
                "Shows the JDK, the processor and its vectors, memory, and which backends are available or why not.")
final class DoctorCommand implements Callable<Integer> {
    private static final String VECTOR_MODULE = "jdk.incubator.vector";

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        var runtime = Runtime.getRuntime();
        Path home = Path.of(System.getProperty("java.home"));
        line(out, "tandem", Version.current());
        line(out, "JDK", "%s, %s, %s".formatted(Runtime.version(), System.getProperty("java.vendor"), home));
        line(
                out,
                "JDK sources",
                Files.isReadable(home.resolve("lib").resolve("src.zip"))
                        ? "present (the default corpus)"
                        : "missing: 'compare' needs --corpus PATH, or a JDK with lib/src.zip");
        line(out, "system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        line(out, "processor", Provenance.processor());
        line(out, "threads", runtime.availableProcessors() + " available");
        line(out, "Java heap", (runtime.maxMemory() >> 20) + " MiB at most");
        line(
                out,
                VECTOR_MODULE,
                ModuleLayer.boot().findModule(VECTOR_MODULE).isPresent()
                        ? "present"
                        : "missing: start java with --add-modules " + VECTOR_MODULE);
        boolean any = false;
        for (var provider : Backends.providers()) {
            switch (provider.probe()) {
                case Availability.Available(String device) -> {
                    any = true;
                    line(out, "backend " + provider.name(), "available: " + device);
                }
                case Availability.Unavailable(String reason) ->
                    line(out, "backend " + provider.name(), "not available: " + reason);
            }
            provider.requirements().forEach((name, found) -> line(out, "  " + name, found));
        }
        if (!any) {
            out.println("\nno backend is available: nothing can be computed on this machine as it is started");
            return ExitCode.NO_BACKEND;
        }
        memory(out);
        return ExitCode.OK;
    }

    private static void memory(PrintWriter out) {
        try (var backend = Backends.open()) {
            line(out, "memory of " + backend.name(), (backend.memoryUsage().free() >> 20) + " MiB free");
        }
    }

    private static void line(PrintWriter out, String what, String value) {
        out.println("%-24s %s".formatted(what, value));
    }
}
