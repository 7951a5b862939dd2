package dev.tandem.bench.report;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What other libraries did beside Tandem.
///
/// @param results in the order of their questions
/// @param versions of those that were loaded, by name
/// @param absent why others could not be, by name
public record PeerReport(List<PeerResult> results, Map<String, String> versions, Map<String, String> absent) {
    /// Nobody was asked.
    public static final PeerReport NONE = new PeerReport(List.of(), Map.of(), Map.of());

    /// Keeps copies.
    public PeerReport {
        results = List.copyOf(results);
        versions = Collections.unmodifiableMap(new LinkedHashMap<>(versions));
        absent = Collections.unmodifiableMap(new LinkedHashMap<>(absent));
    }

    boolean isEmpty() {
        return results.isEmpty() && absent.isEmpty();
    }

    /// Answers of libraries.
    List<PeerResult> libraries() {
        return results.stream().filter(result -> !result.alone()).toList();
    }

    /// What several threads bring Tandem.
    List<PeerResult> scaling() {
        return results.stream().filter(PeerResult::alone).toList();
    }

    Map<String, Object> json() {
        var json = new LinkedHashMap<String, Object>();
        json.put("versions", versions);
        json.put("absent", absent);
        json.put("results", results.stream().map(PeerResult::json).toList());
        return json;
    }

    /// Reports from before there were any have none.
    static PeerReport of(Json json) {
        if (json.value() == null) {
            return NONE;
        }
        return new PeerReport(
                json.field("results").elements().stream().map(PeerResult::of).toList(),
                json.field("versions").strings(),
                json.field("absent").strings());
    }
}
