package dev.tandem.bench.report;

import dev.tandem.bench.machine.CeilingProbe;
import dev.tandem.bench.machine.Ceilings;
import java.util.LinkedHashMap;
import java.util.Map;

/// Ceilings of the machine, measured before anything else.
///
/// @param threads that worked together
/// @param cached of memory that a cache holds
/// @param memory of memory that none does
public record Machine(int threads, Ceilings cached, Ceilings memory) {
    private static final double CACHED_BYTES = 512 << 10;

    /// Measures.
    public static Machine measure(int threads) {
        try (var probe = new CeilingProbe(threads)) {
            double flops = probe.flops();
            return new Machine(
                    threads,
                    new Ceilings(
                            flops, probe.readBytes(CACHED_BYTES * threads), probe.copyBytes(CACHED_BYTES * threads)),
                    new Ceilings(
                            flops, probe.readBytes(CeilingProbe.MOST_BYTES), probe.copyBytes(CeilingProbe.MOST_BYTES)));
        }
    }

    Map<String, Object> json() {
        var json = new LinkedHashMap<String, Object>();
        json.put("threads", threads);
        json.put("flops", memory.flops());
        json.put("cachedRead", cached.readBytes());
        json.put("cachedCopy", cached.copyBytes());
        json.put("memoryRead", memory.readBytes());
        json.put("memoryCopy", memory.copyBytes());
        return json;
    }

    static Machine of(Json json) {
        double flops = json.field("flops").number();
        return new Machine(
                (int) json.field("threads").number(),
                new Ceilings(
                        flops,
                        json.field("cachedRead").number(),
                        json.field("cachedCopy").number()),
                new Ceilings(
                        flops,
                        json.field("memoryRead").number(),
                        json.field("memoryCopy").number()));
    }
}
