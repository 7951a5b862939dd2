package dev.tandem.lab.report;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// Where numbers come from: program, machine and virtual machine.
public final class Provenance {
    private static final String UNKNOWN = "unknown";

    private Provenance() {}

    /// What this process knows about itself.
    public static Fields ofThisProcess(String version) {
        var runtime = Runtime.getRuntime();
        return new Fields()
                .with("version", version)
                .with("commit", commit().orElse(UNKNOWN))
                .with(
                        "jvm",
                        "%s %s (%s)".formatted(property("java.vm.name"), Runtime.version(), property("java.vendor")))
                .with("jvmFlags", ManagementFactory.getRuntimeMXBean().getInputArguments())
                .with("system", "%s %s %s".formatted(property("os.name"), property("os.version"), property("os.arch")))
                .with("processor", processor())
                .with("availableProcessors", runtime.availableProcessors())
                .with("maxHeapBytes", runtime.maxMemory());
    }

    private static String property(String name) {
        return System.getProperty(name, UNKNOWN);
    }

    /// The processor's own name, where the system tells it.
    public static String processor() {
        try (var lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse(property("os.arch"));
        } catch (IOException | RuntimeException e) {
            return property("os.arch");
        }
    }

    /// Commit of the working tree that this program was built in; empty outside one.
    static Optional<String> commit() {
        return Optional.ofNullable(System.getProperty("tandem.commit"))
                .filter(commit -> !commit.isBlank())
                .or(() -> {
                    try {
                        var source = Provenance.class.getProtectionDomain().getCodeSource();
                        return source == null
                                ? Optional.empty()
                                : head(Path.of(source.getLocation().toURI()));
                    } catch (URISyntaxException | IOException | RuntimeException e) {
                        return Optional.empty();
                    }
                });
    }

    private static Optional<String> head(Path start) throws IOException {
        for (Path folder = start; folder != null; folder = folder.getParent()) {
            Path git = folder.resolve(".git");
            if (Files.isRegularFile(git)) {
                git = folder.resolve(
                        Files.readString(git).replaceFirst("^gitdir:", "").strip());
            }
            if (Files.isRegularFile(git.resolve("HEAD"))) {
                return commit(git);
            }
        }
        return Optional.empty();
    }

    private static Optional<String> commit(Path git) throws IOException {
        String head = Files.readString(git.resolve("HEAD")).strip();
        if (!head.startsWith("ref:")) {
            return Optional.of(head);
        }
        String name = head.substring("ref:".length()).strip();
        Path common = Files.isRegularFile(git.resolve("commondir"))
                ? git.resolve(Files.readString(git.resolve("commondir")).strip())
                : git;
        if (Files.isRegularFile(common.resolve(name))) {
            return Optional.of(Files.readString(common.resolve(name)).strip());
        }
        if (!Files.isRegularFile(common.resolve("packed-refs"))) {
            return Optional.empty();
        }
        return Files.readAllLines(common.resolve("packed-refs")).stream()
                .filter(line -> line.endsWith(" " + name))
                .map(line -> line.substring(0, line.indexOf(' ')))
                .findFirst();
    }
}
