package dev.tandem.cpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The system, and the processor's own name and cache, where the system tells them.
final class Processor {
    static final boolean LINUX = System.getProperty("os.name", "").startsWith("Linux");
    static final boolean X86_64 = System.getProperty("os.arch", "").equals("amd64");

    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");
    private static final String MODEL = "model name";

    // Linux lists the caches of a core from the nearest on: data, instructions, second level, last level.
    private static final Path CACHES = Path.of("/sys/devices/system/cpu/cpu0/cache");
    private static final Path FIRST_LEVEL_CACHE = CACHES.resolve("index0/size");
    private static final Path SECOND_LEVEL_CACHE = CACHES.resolve("index2/size");
    private static final Path LAST_LEVEL_CACHE = CACHES.resolve("index3/size");
    private static final Pattern KIBIBYTES = Pattern.compile("(\\d{1,7})K");
    private static final long KIB = 1024;
    private static final long USUAL_FIRST_LEVEL = 32 * KIB;
    private static final long USUAL_SECOND_LEVEL = 1024 * KIB;

    private Processor() {}

    /// Bytes of a core's first-level cache for data; 32 KiB where the system does not tell.
    static long firstLevelCache() {
        return cache(FIRST_LEVEL_CACHE, USUAL_FIRST_LEVEL);
    }

    /// Bytes of a core's second-level cache; 1 MiB where the system does not tell.
    static long secondLevelCache() {
        return cache(SECOND_LEVEL_CACHE, USUAL_SECOND_LEVEL);
    }

    /// Bytes of the last-level cache; 0 where the system does not tell.
    static long lastLevelCache() {
        return cache(LAST_LEVEL_CACHE, 0);
    }

    private static long cache(Path file, long usual) {
        if (!Files.isReadable(file)) {
            return usual;
        }
        try {
            Matcher size = KIBIBYTES.matcher(Files.readString(file).strip());
            return size.matches() ? Long.parseLong(size.group(1)) * KIB : usual;
        } catch (IOException e) {
            return usual;
        }
    }

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
