package dev.tandem.bench;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/// Where numbers come from.
final class Provenance {
    private Provenance() {}

    /// @param command line that was given
    /// @param commit of the working tree, which the launcher knows
    /// @param backend its description
    static Map<String, String> of(String command, String commit, String backend, Instant now) {
        var runtime = Runtime.getRuntime();
        var provenance = new LinkedHashMap<String, String>();
        provenance.put("date", now.toString());
        provenance.put("command", command);
        provenance.put("commit", commit);
        provenance.put("backend", backend);
        provenance.put("processor", processor());
        provenance.put("processors", String.valueOf(runtime.availableProcessors()));
        if (ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system) {
            provenance.put("memory", (system.getTotalMemorySize() >> 30) + " GiB");
        }
        provenance.put(
                "system", "%s %s %s".formatted(property("os.name"), property("os.version"), property("os.arch")));
        provenance.put(
                "Java", "%s %s (%s)".formatted(property("java.vm.name"), Runtime.version(), property("java.vendor")));
        provenance.put(
                "flags", String.join(" ", ManagementFactory.getRuntimeMXBean().getInputArguments()));
        return provenance;
    }

    private static String property(String name) {
        return System.getProperty(name, "unknown");
    }

    private static String processor() {
        try (var lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse(property("os.arch"));
        } catch (IOException | RuntimeException e) {
            return property("os.arch");
        }
    }
}
