package dev.tandem.bench.report;

import dev.tandem.bench.machine.Ceilings;
import java.util.Map;

/// Ceilings as fields of a JSON object, whose names begin with what they belong to.
final class CeilingFields {
    private CeilingFields() {}

    static void put(Map<String, Object> json, String prefix, Ceilings ceilings) {
        json.put(prefix + "Flops", ceilings.flops());
        json.put(prefix + "Read", ceilings.readBytes());
        json.put(prefix + "Copy", ceilings.copyBytes());
        json.put(prefix + "Write", ceilings.writeBytes());
        json.put(prefix + "Update", ceilings.updateBytes());
        json.put(prefix + "Handover", ceilings.handover());
    }

    /// Older reports have neither the ceiling of writing nor the time of a hand-over.
    static Ceilings of(Json json, String prefix) {
        double copy = json.field(prefix + "Copy").number();
        return new Ceilings(
                json.field(prefix + "Flops").number(),
                json.field(prefix + "Read").number(),
                copy,
                json.field(prefix + "Write").optional().orElse(copy),
                json.field(prefix + "Update").number(),
                json.field(prefix + "Handover").optional().orElse(0));
    }
}
