package dev.tandem.bench.step;

import dev.tandem.bench.Room;
import dev.tandem.engine.Backend;
import dev.tandem.engine.BackendOptions;
import dev.tandem.engine.Backends;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/// Trains as soon as it is started, and prints after how long it was how fast, and its memory:
/// first step, full speed, steady step in seconds, heap per step and resident peak in bytes.
final class StartUpMain {
    static final String MARK = "tandem-start-up ";

    private static final double LEAST_SECONDS = 10;
    private static final int LEAST_STEPS = 8;
    private static final int COUNTED_STEPS = 4;
    private static final double FULL_SPEED = 1.1;
    private static final Path STATUS = Path.of("/proc/self/status");

    private StartUpMain() {}

    /// @param args backend, threads and model
    public static void main(String[] args) {
        long begin = System.nanoTime();
        try (Backend backend = Backends.open(args[0], new BackendOptions(Integer.parseInt(args[1])));
                var room = new Room(backend)) {
            var model = Model.valueOf(args[2]);
            var problem = new TrainingProblem(room, model.config(), model.B());
            List<Double> ends = train(backend, problem, begin);
            OptionalDouble peak = peak(); // before the beans below take their part
            double heap = heapPerStep(backend, problem);
            double before = secondsBefore(begin);
            double step = lastSteps(ends);
            System.out.println(MARK
                    + "%s %s %s %s %s"
                            .formatted(
                                    before + ends.getFirst(),
                                    before + fullSpeed(ends, step),
                                    step,
                                    heap,
                                    peak.isPresent() ? peak.getAsDouble() : "unknown"));
        }
    }

    /// @return seconds since `begin` at the end of each step
    private static List<Double> train(Backend backend, TrainingProblem problem, long begin) {
        var ends = new ArrayList<Double>();
        do {
            problem.update();
            backend.synchronize();
            ends.add((System.nanoTime() - begin) * 1e-9);
        } while (ends.size() < LEAST_STEPS || ends.getLast() < LEAST_SECONDS);
        return ends;
    }

    /// Median of the last quarter.
    static double lastSteps(List<Double> ends) {
        int first = ends.size() - Math.max(1, ends.size() / 4);
        var steps = new ArrayList<Double>();
        for (int i = first; i < ends.size(); i++) {
            steps.add(ends.get(i) - ends.get(i - 1));
        }
        steps.sort(null);
        return steps.get(steps.size() / 2);
    }

    /// End of the first step that is as fast as the last ones. The first step of all is none: what
    /// came before it has no beginning.
    static double fullSpeed(List<Double> ends, double step) {
        for (int i = 1; i < ends.size(); i++) {
            if (ends.get(i) - ends.get(i - 1) <= FULL_SPEED * step) {
                return ends.get(i);
            }
        }
        return ends.getLast();
    }

    private static double heapPerStep(Backend backend, TrainingProblem problem) {
        if (!(ManagementFactory.getThreadMXBean() instanceof com.sun.management.ThreadMXBean threads)) {
            return Double.NaN;
        }
        threads.getTotalThreadAllocatedBytes(); // its own first call allocates
        long before = threads.getTotalThreadAllocatedBytes();
        for (int step = 0; step < COUNTED_STEPS; step++) {
            problem.update();
        }
        backend.synchronize();
        return (double) (threads.getTotalThreadAllocatedBytes() - before) / COUNTED_STEPS;
    }

    /// Between the start of the virtual machine and `begin`.
    private static double secondsBefore(long begin) {
        long start = ManagementFactory.getRuntimeMXBean().getStartTime();
        double age = (System.currentTimeMillis() - start) * 1e-3;
        return age - (System.nanoTime() - begin) * 1e-9;
    }

    private static OptionalDouble peak() {
        try (var lines = Files.lines(STATUS)) {
            return lines.filter(line -> line.startsWith("VmHWM:"))
                    .mapToDouble(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024.0)
                    .findFirst();
        } catch (IOException e) {
            return OptionalDouble.empty();
        }
    }
}
