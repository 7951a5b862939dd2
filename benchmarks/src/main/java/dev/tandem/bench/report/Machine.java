package dev.tandem.bench.report;

import dev.tandem.bench.machine.CeilingProbe;
import dev.tandem.bench.machine.Ceilings;
import java.util.LinkedHashMap;
import java.util.Map;

/// Ceilings of the machine, measured before anything else.
///
/// @param threads that worked together
/// @param cached of memory that each core's own cache holds
/// @param shared of memory that the shared cache holds, where it is large enough
/// @param memory of memory that none does
public record Machine(int threads, Ceilings cached, Ceilings shared, Ceilings memory) {
    private static final double CACHED_BYTES = 512 << 10;
    private static final double SHARED_BYTES = 32 << 20;
    private static final int WARM_UPS = 5; // until the compiler is done

    /// Measures.
    public static Machine measure(int threads) {
        try (var probe = new CeilingProbe(threads)) {
            for (int i = 0; i < WARM_UPS; i++) {
                probe.measure(SHARED_BYTES);
            }
            return new Machine(
                    threads,
                    probe.measure(CACHED_BYTES * threads),
                    probe.measure(SHARED_BYTES),
                    probe.measure(CeilingProbe.MOST_BYTES));
        }
    }

    Map<String, Object> json() {
        var json = new LinkedHashMap<String, Object>();
        json.put("threads", threads);
        put(json, "cached", cached);
        put(json, "shared", shared);
        put(json, "memory", memory);
        return json;
    }

    private static void put(Map<String, Object> json, String where, Ceilings ceilings) {
        json.put(where + "Flops", ceilings.flops());
        json.put(where + "Read", ceilings.readBytes());
        json.put(where + "Copy", ceilings.copyBytes());
        json.put(where + "Write", ceilings.writeBytes());
        json.put(where + "Update", ceilings.updateBytes());
    }

    static Machine of(Json json) {
        return new Machine(
                (int) json.field("threads").number(),
                ceilings(json, "cached"),
                ceilings(json, "shared"),
                ceilings(json, "memory"));
    }

    private static Ceilings ceilings(Json json, String where) {
        return new Ceilings(
                json.field(where + "Flops").number(),
                json.field(where + "Read").number(),
                json.field(where + "Copy").number(),
                json.field(where + "Write")
                        .optional()
                        .orElse(json.field(where + "Copy").number()),
                json.field(where + "Update").number());
    }

    /// The best arithmetic seen.
    double flops() {
        return Math.max(cached.flops(), Math.max(shared.flops(), memory.flops()));
    }
}
