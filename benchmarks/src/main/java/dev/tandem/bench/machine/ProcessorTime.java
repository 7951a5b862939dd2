package dev.tandem.bench.machine;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// How much processor time was spent so far, by whom, in seconds.
///
/// @param elapsed since some fixed instant
/// @param busy by all processes of this machine
/// @param own by this process
/// @param stolen by the host of a virtual machine while this machine wanted to run
public record ProcessorTime(double elapsed, double busy, double own, double stolen) {
    private static final Path STATISTICS = Path.of("/proc/stat");
    private static final double TICKS_PER_SECOND = 100; // USER_HZ of every Linux that runs Java

    // Columns of the line "cpu" in /proc/stat, behind its name.
    private static final int[] BUSY = {0, 1, 2, 5, 6};
    private static final int STOLEN = 7;

    /// What the machine says now; empty where it keeps no such account.
    public static Optional<ProcessorTime> now() {
        try (var lines = Files.lines(STATISTICS)) {
            return lines.findFirst().map(line -> parse(line, System.nanoTime() * 1e-9, ownSeconds()));
        } catch (IOException | RuntimeException e) {
            return Optional.empty();
        }
    }

    static ProcessorTime parse(String line, double elapsed, double own) {
        String[] columns = line.replaceFirst("^cpu\\s+", "").split("\\s+", -1);
        double busy = 0;
        for (int column : BUSY) {
            busy += Long.parseLong(columns[column]);
        }
        double stolen = columns.length > STOLEN ? Long.parseLong(columns[STOLEN]) : 0;
        return new ProcessorTime(elapsed, busy / TICKS_PER_SECOND, own, stolen / TICKS_PER_SECOND);
    }

    private static double ownSeconds() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system
                ? system.getProcessCpuTime() * 1e-9
                : 0;
    }

    /// Share of all processors' time since `earlier` that other processes used, 0 … 1.
    public double foreignSince(ProcessorTime earlier, int processors) {
        return share((busy - earlier.busy) - (own - earlier.own), earlier, processors);
    }

    /// Share of all processors' time since `earlier` that the host took away, 0 … 1.
    public double stolenSince(ProcessorTime earlier, int processors) {
        return share(stolen - earlier.stolen, earlier, processors);
    }

    private double share(double seconds, ProcessorTime earlier, int processors) {
        double available = (elapsed - earlier.elapsed) * processors;
        return available > 0 ? Math.clamp(seconds / available, 0, 1) : 0;
    }
}
