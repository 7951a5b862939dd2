package dev.tandem.bench.step;

import dev.tandem.bench.Room;
import dev.tandem.bench.report.StartUp;
import dev.tandem.engine.Backend;
import dev.tandem.engine.BackendOptions;
import dev.tandem.engine.Backends;
import dev.tandem.gpt.Gpt;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.SplittableRandom;

/// Computes as soon as it is started, and prints after how long it was how fast, and its memory:
/// first step, full speed, steady step in seconds, heap per step and resident peak in bytes.
final class StartUpMain {
    static final String MARK = "tandem-start-up ";

    private static final long SEED = 7;
    private static final double LEAST_SECONDS = 10;
    private static final int LEAST_STEPS = 8;
    private static final int COUNTED_STEPS = 9;
    private static final double FULL_SPEED = 1.1;
    private static final Path STATUS = Path.of("/proc/self/status");

    private StartUpMain() {}

    /// @param args backend, threads, kind of step and model
    public static void main(String[] args) {
        long begin = System.nanoTime();
        try (Backend backend = Backends.open(args[0], new BackendOptions(Integer.parseInt(args[1])));
                var room = new Room(backend)) {
            Runnable step = step(room, StartUp.Kind.valueOf(args[2]), Model.valueOf(args[3]));
            List<Double> ends = run(backend, step, begin);
            OptionalDouble peak = peak(); // before the beans below take their part
            double heap = heapPerStep(backend, step);
            double before = secondsBefore(begin);
            double seconds = lastSteps(ends);
            System.out.println(MARK
                    + "%s %s %s %s %s"
                            .formatted(
                                    before + ends.getFirst(),
                                    before + fullSpeed(ends, seconds),
                                    seconds,
                                    heap,
                                    peak.isPresent() ? peak.getAsDouble() : "unknown"));
        }
    }

    static Runnable step(Room room, StartUp.Kind kind, Model model) {
        return switch (kind) {
            case TRAINING -> new TrainingProblem(room, model.config(), model.B())::update;
            case FORWARD -> forward(room, model);
        };
    }

    /// The loss of random tokens, each to be followed by itself.
    private static Runnable forward(Room room, Model model) {
        var config = model.config();
        var evaluation =
                Gpt.create(room.backend(), config, room.precision(), SEED).evaluation(model.B(), config.T());
        int[] ids = new SplittableRandom(SEED)
                .ints(evaluation.tokens(), 0, config.V())
                .toArray();
        return () -> evaluation.nll(ids, ids);
    }

    /// @return seconds since `begin` at the end of each step
    private static List<Double> run(Backend backend, Runnable step, long begin) {
        var ends = new ArrayList<Double>();
        do {
            step.run();
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

    private static double heapPerStep(Backend backend, Runnable step) {
        if (!(ManagementFactory.getThreadMXBean() instanceof com.sun.management.ThreadMXBean threads)) {
            return Double.NaN;
        }
        var allocated = new long[COUNTED_STEPS];
        threads.getTotalThreadAllocatedBytes(); // its own first call allocates
        for (int i = 0; i < COUNTED_STEPS; i++) {
            long before = threads.getTotalThreadAllocatedBytes();
            step.run();
            backend.synchronize();
            allocated[i] = threads.getTotalThreadAllocatedBytes() - before;
        }
        Arrays.sort(allocated);
        return allocated[COUNTED_STEPS / 2]; // a compiler or a collector may allocate during one of them
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
