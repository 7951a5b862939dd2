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
        CeilingFields.put(json, "cached", cached);
        CeilingFields.put(json, "shared", shared);
        CeilingFields.put(json, "memory", memory);
        return json;
    }

    static Machine of(Json json) {
        return new Machine(
                (int) json.field("threads").number(),
                CeilingFields.of(json, "cached"),
                CeilingFields.of(json, "shared"),
                CeilingFields.of(json, "memory"));
    }

    /// The best arithmetic seen.
    double flops() {
        return Math.max(cached.flops(), Math.max(shared.flops(), memory.flops()));
    }
}
