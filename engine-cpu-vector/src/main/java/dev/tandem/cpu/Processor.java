package dev.tandem.cpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/// The processor's own name, where the system tells it.
final class Processor {
    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");
    private static final String MODEL = "model name";

    private Processor() {}

    static String name() {
        String architecture = System.getProperty("os.arch", "unknown processor");
        if (!Files.isReadable(CPU_INFO)) {
            return architecture;
        }
        try (Stream<String> lines = Files.lines(CPU_INFO)) {
            return lines.filter(line -> line.startsWith(MODEL) && line.indexOf(':') > 0)
                    .findFirst()
                    .map(line -> line.substring(line.indexOf(':') + 1).strip().replaceAll("\\s+", " "))
                    .orElse(architecture);
        } catch (IOException e) {
            return architecture;
        }
    }
}
