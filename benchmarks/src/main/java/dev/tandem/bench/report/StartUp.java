package dev.tandem.bench.report;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/// How a process began to train, and the memory it took.
///
/// @param model that was trained
/// @param threads that computed
/// @param firstStep seconds from the start of the virtual machine to the end of the first step
/// @param fullSpeed seconds to the end of the first step within 10 % of `step`
/// @param step seconds of a step at the end
/// @param heapPerStep bytes that a step allocates in the heap at the end
/// @param plan bytes that `gpt.cost` says the training needs
/// @param peak bytes that were resident at most; absent where the system does not say
public record StartUp(
        String model,
        int threads,
        double firstStep,
        double fullSpeed,
        double step,
        double heapPerStep,
        double plan,
        OptionalDouble peak) {
    private static final double MEBI = 1 << 20;

    Map<String, Object> json() {
        var json = new LinkedHashMap<String, Object>();
        json.put("model", model);
        json.put("threads", threads);
        json.put("firstStep", firstStep);
        json.put("fullSpeed", fullSpeed);
        json.put("step", step);
        json.put("heapPerStep", heapPerStep);
        json.put("plan", plan);
        peak.ifPresent(bytes -> json.put("peak", bytes));
        return json;
    }

    static StartUp of(Json json) {
        return new StartUp(
                json.field("model").string(),
                (int) json.field("threads").number(),
                json.field("firstStep").number(),
                json.field("fullSpeed").number(),
                json.field("step").number(),
                json.field("heapPerStep").number(),
                json.field("plan").number(),
                json.field("peak").value() == null
                        ? OptionalDouble.empty()
                        : OptionalDouble.of(json.field("peak").number()));
    }

    /// Those of a report; reports from before there were any have none.
    static List<StartUp> allOf(Json json) {
        return json.value() == null
                ? List.of()
                : json.elements().stream().map(StartUp::of).toList();
    }

    /// The section of the report.
    static String text(List<StartUp> all) {
        return "A process of its own for each model, with the flags of this one. Seconds count from the start of the"
                + " virtual machine; full speed is the end of the first step within 10 % of the last ones. The plan is"
                + " that of `gpt.cost`; the peak is what the system counts as resident, Java included.\n\n"
                + Text.table(
                        List.of(
                                "training",
                                "threads",
                                "first step after",
                                "full speed after",
                                "a step then",
                                "heap per step, KiB",
                                "plan, MiB",
                                "peak, MiB",
                                "peak − plan, MiB"),
                        all.stream().map(StartUp::row).toList());
    }

    private List<String> row() {
        return List.of(
                model,
                String.valueOf(threads),
                Text.seconds(firstStep),
                Text.seconds(fullSpeed),
                Text.seconds(step),
                Text.significant(heapPerStep / 1024),
                mebi(plan),
                peak.isPresent() ? mebi(peak.getAsDouble()) : "unknown",
                peak.isPresent() ? mebi(peak.getAsDouble() - plan) : "unknown");
    }

    private static String mebi(double bytes) {
        return "%.0f".formatted(bytes / MEBI);
    }

    /// One line for the terminal.
    public String line() {
        return "%-34s %-36s first step after %s, full speed after %s, peak %s MiB, plan %s MiB"
                .formatted(
                        "StartUp.training",
                        model,
                        Text.seconds(firstStep),
                        Text.seconds(fullSpeed),
                        peak.isPresent() ? mebi(peak.getAsDouble()) : "unknown",
                        mebi(plan));
    }
}
