package dev.tandem.bench;

import dev.tandem.bench.report.StartUp;
import dev.tandem.bench.step.Model;
import dev.tandem.bench.step.StartUpProblem;
import dev.tandem.engine.ElementType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.BenchmarkListEntry;
import org.openjdk.jmh.runner.format.OutputFormat;
import org.openjdk.jmh.runner.options.TimeValue;

/// Which measurements to make.
///
/// Parameters vary one at a time, the others hold their first value: three parameters of three
/// values make seven measurements, not twenty-seven. A quick plan holds all of them.
///
/// @param items in the order of their run
/// @param starts processes that begin to compute, after all items
/// @param threads that compute, of this machine's processors
record Plan(List<Item> items, List<StartUpProblem> starts, int threads) {
    /// Benchmarks that show how speed grows with threads: one for each limit, and the sums of all.
    private static final Set<String> SCALED = Set.of(
            "Linear.forward",
            "LayerNorm.forward",
            "Attention.forward",
            "ExpertFeedForward.forwardBackward",
            "MoeLayer.forwardBackward",
            "TrainingStep.update");

    // Measured, up to the first round. Weights of many experts and of models are hundreds of
    // megabytes, and their calls are longer than the rest of a round.
    private static final Duration SET_UP = Duration.ofSeconds(1);
    private static final Duration HEAVY_SET_UP = Duration.ofSeconds(4);
    private static final Pattern HEAVY = Pattern.compile("\\.step\\.|Expert");

    private static final String THREADS = "threads";
    private static final String BACKEND = "backend";
    private static final String WEIGHTS = "weights";

    // with one value, which older reports do not name
    private static final Set<String> UNNAMED = Set.of("precision", "microBatches", "padded");

    /// One benchmark with one set of parameters.
    ///
    /// @param benchmark as JMH names it: package, class and method
    record Item(String benchmark, Map<String, String> parameters, Effort effort) {}

    /// What is asked for.
    ///
    /// @param suites whose benchmarks run
    /// @param only part of the names of those that run; empty for all
    /// @param backend by name
    /// @param threads that compute; 0 for one per processor
    /// @param weights types that weights may have; other values of a parameter of that name are left out
    /// @param quick whether to make one measurement of each, in this process
    record Request(
            Collection<Suite> suites,
            String only,
            String backend,
            Set<ElementType> weights,
            int threads,
            boolean quick) {
        /// Whether `only` is part of a name.
        boolean names(String benchmark) {
            return part(only, benchmark);
        }

        /// What to say where no name contains `only`.
        BadInputException noneNamed() {
            String asked = suites.stream().map(Suite::name).collect(Collectors.joining(", "));
            String example = of(new Request(suites, "", backend, weights, threads, quick), new Listening())
                    .names()
                    .findFirst()
                    .orElse("Linear"); // which other libraries are asked about
            return new BadInputException(
                    "--only " + only,
                    suites.isEmpty()
                            ? "no question to other libraries contains that"
                            : "no benchmark of " + asked + " has a name that contains it",
                    "Try --only " + example);
        }
    }

    /// Plans over the benchmarks that JMH knows of.
    static Plan of(Request request, OutputFormat output) {
        var entries = new TreeMap<String, BenchmarkListEntry>();
        BenchmarkList.defaultList().getAll(output, List.of()).forEach(entry -> entries.put(entry.getUsername(), entry));
        var items = new ArrayList<Item>();
        for (Suite suite : request.suites()) {
            for (var entry : entries.values()) {
                if (suite.holds(entry.getUsername()) && request.names(name(entry.getUsername()))) {
                    items.addAll(items(entry, request));
                }
            }
        }
        int processors = Runtime.getRuntime().availableProcessors();
        int threads = request.threads() == 0 ? processors : Math.min(request.threads(), processors);
        return new Plan(List.copyOf(items), starts(request), threads);
    }

    private static List<StartUpProblem> starts(Request request) {
        if (!request.suites().contains(Suite.STARTUP)) {
            return List.of();
        }
        List<Model> models = request.quick()
                ? List.of(Model.SMALL_MOE)
                : List.of(Model.SMALL_MOE, Model.MIDDLE_DENSE, Model.MIDDLE_MOE);
        return Stream.of(StartUp.Kind.values())
                .filter(kind -> request.names(kind.benchmark()))
                .flatMap(kind -> models.stream()
                        .map(model -> new StartUpProblem(kind, model, request.backend(), request.threads())))
                .toList();
    }

    private static List<Item> items(BenchmarkListEntry entry, Request request) {
        Map<String, String[]> values = new TreeMap<>(entry.getParams().orElse(Map.of()));
        values.keySet().removeAll(UNNAMED);
        values.computeIfPresent(WEIGHTS, (_, types) -> offered(types, request.weights()));
        Map<String, String> first = new LinkedHashMap<>();
        values.forEach((parameter, all) -> first.put(parameter, all[0]));
        first.put(BACKEND, request.backend());
        first.put(THREADS, String.valueOf(request.threads()));
        var chosen = new LinkedHashSet<Map<String, String>>();
        chosen.add(first);
        if (!request.quick()) {
            values.forEach((parameter, all) -> {
                if (!parameter.equals(BACKEND) && !parameter.equals(THREADS)) {
                    chosen.addAll(varied(first, parameter, List.of(all)));
                }
            });
            if (request.threads() == 0 && SCALED.contains(name(entry.getUsername()))) {
                chosen.addAll(varied(first, THREADS, fewerThreads()));
            }
        }
        Effort effort = request.quick() ? Effort.QUICK : effort(entry);
        return chosen.stream()
                .map(parameters -> new Item(entry.getUsername(), parameters, effort))
                .toList();
    }

    private static String[] offered(String[] types, Set<ElementType> weights) {
        return Stream.of(types)
                .filter(type -> weights.contains(ElementType.valueOf(type)))
                .toArray(String[]::new);
    }

    private static List<Map<String, String>> varied(Map<String, String> first, String parameter, List<String> values) {
        return values.stream()
                .map(value -> {
                    Map<String, String> changed = new LinkedHashMap<>(first);
                    changed.put(parameter, value);
                    return changed;
                })
                .toList();
    }

    /// 1, 2, 4 … below all.
    private static List<String> fewerThreads() {
        var counts = new ArrayList<String>();
        for (int count = 1; count < Runtime.getRuntime().availableProcessors(); count *= 2) {
            counts.add(String.valueOf(count));
        }
        return counts;
    }

    private static Effort effort(BenchmarkListEntry entry) {
        return new Effort(
                entry.getForks().orElse(1),
                entry.getWarmupIterations().orElse(1),
                duration(entry.getWarmupTime().orElse(TimeValue.seconds(1))),
                entry.getMeasurementIterations().orElse(1),
                duration(entry.getMeasurementTime().orElse(TimeValue.seconds(1))),
                HEAVY.matcher(entry.getUsername()).find() ? HEAVY_SET_UP : SET_UP);
    }

    private static Duration duration(TimeValue value) {
        return Duration.ofNanos(value.convertTo(TimeUnit.NANOSECONDS));
    }

    /// Whether a text is part of a name, in capitals or not.
    static boolean part(String text, String name) {
        return name.toLowerCase(Locale.ROOT).contains(text.toLowerCase(Locale.ROOT));
    }

    /// `Linear.forward`
    static String name(String benchmark) {
        return benchmark.replaceFirst("^.*\\.(\\w+)Benchmark\\.", "$1.");
    }

    /// Name of the benchmark of each measurement, in the order of their run.
    private Stream<String> names() {
        return Stream.concat(
                items.stream().map(item -> name(item.benchmark())),
                starts.stream().map(start -> start.kind().benchmark()));
    }

    /// What is to be expected.
    double seconds() {
        return items.stream().mapToDouble(item -> item.effort().seconds()).sum()
                + starts.stream().mapToDouble(StartUpProblem::seconds).sum();
    }

    /// `1 measurement`
    String sizeText() {
        return size() == 1 ? "1 measurement" : size() + " measurements";
    }

    /// How many measurements it makes.
    int size() {
        return items.size() + starts.size();
    }
}
