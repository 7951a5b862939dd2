package dev.tandem.bench.report;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;

/// How a process began to compute, and the memory it took. A step is what it repeats.
///
/// @param kind of step
/// @param model that computed
/// @param threads that computed
/// @param firstStep seconds from the start of the virtual machine to the end of the first step
/// @param fullSpeed seconds to the end of the first step within 10 % of `step`
/// @param step seconds of a step at the end
/// @param heapPerStep bytes that a step allocates in the heap at the end
/// @param tensors bytes of tensors that `gpt.cost` plans
/// @param java bytes that it plans for Java itself; 0 in reports that did not know of it
/// @param peak bytes that were resident at most; absent where the system does not say
public record StartUp(
        Kind kind,
        String model,
        int threads,
        double firstStep,
        double fullSpeed,
        double step,
        double heapPerStep,
        double tensors,
        double java,
        OptionalDouble peak) {
    private static final double MEBI = 1 << 20;

    /// What a process does.
    public enum Kind {
        /// Training steps.
        TRAINING,
        /// Forward passes.
        FORWARD;

        /// `StartUp.training`
        public String benchmark() {
            return "StartUp." + word();
        }

        private String word() {
            return name().toLowerCase(Locale.ROOT);
        }

        /// Reports from before there were forward passes name no kind.
        private static Kind of(Json json) {
            return json.value() == null ? TRAINING : valueOf(json.string().toUpperCase(Locale.ROOT));
        }
    }

    Map<String, Object> json() {
        var json = new LinkedHashMap<String, Object>();
        json.put("kind", kind.word());
        json.put("model", model);
        json.put("threads", threads);
        json.put("firstStep", firstStep);
        json.put("fullSpeed", fullSpeed);
        json.put("step", step);
        json.put("heapPerStep", heapPerStep);
        json.put("plan", tensors);
        json.put("java", java);
        peak.ifPresent(bytes -> json.put("peak", bytes));
        return json;
    }

    static StartUp of(Json json) {
        return new StartUp(
                Kind.of(json.field("kind")),
                json.field("model").string(),
                (int) json.field("threads").number(),
                json.field("firstStep").number(),
                json.field("fullSpeed").number(),
                json.field("step").number(),
                json.field("heapPerStep").number(),
                json.field("plan").number(),
                json.field("java").optional().orElse(0),
                json.field("peak").optional());
    }

    /// Those of a report; reports from before there were any have none.
    static List<StartUp> allOf(Json json) {
        return json.value() == null
                ? List.of()
                : json.elements().stream().map(StartUp::of).toList();
    }

    /// The section of the report.
    static String text(List<StartUp> all) {
        return "Each row is a process of its own, with the flags of this one, that repeats training steps or forward"
                + " passes. Seconds count from the start of its virtual machine; full speed is the end of the first step"
                + " within 10 % of the last ones. The plan is that of `gpt.cost` for a CPU: tensors, and Java itself; the"
                + " peak is what the system counts as resident, without tensors on a GPU.\n\n"
                + Text.table(
                        List.of(
                                "steps",
                                "model",
                                "threads",
                                "first step after",
                                "full speed after",
                                "a step then",
                                "heap per step, KiB",
                                "tensors, MiB",
                                "plan with Java, MiB",
                                "peak, MiB",
                                "peak, % of plan"),
                        all.stream().map(StartUp::row).toList());
    }

    private List<String> row() {
        return List.of(
                kind.word(),
                model,
                String.valueOf(threads),
                Text.seconds(firstStep),
                Text.seconds(fullSpeed),
                Text.seconds(step),
                Text.significant(heapPerStep / 1024),
                mebi(tensors),
                mebi(plan()),
                peakText(),
                peak.isPresent() ? "%.0f".formatted(100 * peak.getAsDouble() / plan()) : "unknown");
    }

    /// `StartUp.training SMALL_MOE, threads 2`
    String identity() {
        return "%s %s, threads %d".formatted(kind.benchmark(), model, threads);
    }

    /// The section of a comparison. One process each knows no noise, so none is judged.
    ///
    /// @param rows of [#movedTo]
    static String comparison(List<List<String>> rows) {
        return "Start-up, old → new. Each is one process, whose noise is unknown: none counts as faster or slower.\n\n"
                + Text.table(
                        List.of("start", "first step after", "full speed after", "a step then", "peak, MiB"), rows);
    }

    /// A row: this, and the same start in a newer report.
    List<String> movedTo(StartUp now) {
        return List.of(
                identity(),
                arrow(Text.seconds(firstStep), Text.seconds(now.firstStep)),
                arrow(Text.seconds(fullSpeed), Text.seconds(now.fullSpeed)),
                arrow(Text.seconds(step), Text.seconds(now.step)),
                arrow(peakText(), now.peakText()));
    }

    private static String arrow(String old, String now) {
        return old + " → " + now;
    }

    private String peakText() {
        return peak.isPresent() ? mebi(peak.getAsDouble()) : "unknown";
    }

    private double plan() {
        return tensors + java;
    }

    private static String mebi(double bytes) {
        return "%.0f".formatted(bytes / MEBI);
    }

    /// One line for the terminal.
    public String line() {
        return "%-34s %-36s first step after %s, full speed after %s, peak %s of %s MiB planned"
                .formatted(
                        kind.benchmark(),
                        model,
                        Text.seconds(firstStep),
                        Text.seconds(fullSpeed),
                        peakText(),
                        mebi(plan()));
    }
}
