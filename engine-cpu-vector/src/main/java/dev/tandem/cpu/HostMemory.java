package dev.tandem.cpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/// Memory that tensors may take: what the machine, or the container, has free when the backend opens.
///
/// Pages of a tensor come into being when first touched, so later readings would miss what was promised;
/// the budget is read once and then counted down. Going past it would not fail but end the process.
final class HostMemory {
    private static final Path MACHINE = Path.of("/proc/meminfo");
    private static final Path GROUP = Path.of("/sys/fs/cgroup");
    // Left to the system, the code cache and whatever grows meanwhile.
    private static final int RESERVED_PARTS = 32;
    private static final long KIB = 1024;

    private HostMemory() {}

    /// Bytes that may be allocated off the heap, the growth of the heap set aside.
    static long budget() {
        Runtime runtime = Runtime.getRuntime();
        long available = Math.min(ofMachine(), ofGroup());
        if (available == Long.MAX_VALUE) {
            // Without the files of Linux: a multiple of the heap, which the JVM sizes by the machine.
            return 3 * runtime.maxMemory();
        }
        long growth = Math.min(runtime.maxMemory() - runtime.totalMemory(), available / 4);
        return Math.max(0, available - growth - available / RESERVED_PARTS);
    }

    private static long ofMachine() {
        return field(MACHINE, "MemAvailable:").orElse(Long.MAX_VALUE);
    }

    private static long ofGroup() {
        OptionalLong limit = number(GROUP.resolve("memory.max"));
        OptionalLong used = number(GROUP.resolve("memory.current"));
        if (limit.isEmpty() || used.isEmpty()) {
            return Long.MAX_VALUE;
        }
        // Cached files count as used but are given up on demand.
        long cached = field(GROUP.resolve("memory.stat"), "inactive_file").orElse(0);
        return Math.max(0, limit.getAsLong() - used.getAsLong() + cached);
    }

    /// The number of a file that holds nothing else; none for `max` or without the file.
    private static OptionalLong number(Path file) {
        List<String> lines = lines(file);
        return lines.isEmpty() ? OptionalLong.empty() : parsed(lines.getFirst());
    }

    private static OptionalLong field(Path file, String name) {
        for (String line : lines(file)) {
            String[] words = line.split("\\s+", -1);
            if (words.length > 1 && words[0].equals(name)) {
                OptionalLong value = parsed(words[1]);
                boolean kib = words.length > 2 && words[2].equals("kB");
                return kib && value.isPresent() ? OptionalLong.of(value.getAsLong() * KIB) : value;
            }
        }
        return OptionalLong.empty();
    }

    private static OptionalLong parsed(String text) {
        try {
            return OptionalLong.of(Long.parseLong(text.strip()));
        } catch (NumberFormatException e) {
            return OptionalLong.empty();
        }
    }

    private static List<String> lines(Path file) {
        try {
            return Files.isReadable(file) ? Files.readAllLines(file) : List.of();
        } catch (IOException e) {
            return List.of();
        }
    }
}
