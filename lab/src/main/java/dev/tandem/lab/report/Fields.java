package dev.tandem.lab.report;

import java.util.LinkedHashMap;
import java.util.Map;

/// Builds the map behind a JSON object, its fields in the order of the calls.
public final class Fields {
    private final Map<String, Object> fields = new LinkedHashMap<>();

    /// Adds a field, or replaces its value.
    public Fields with(String name, Object value) {
        fields.put(name, value);
        return this;
    }

    /// The fields so far, as [Json] takes them.
    public Map<String, Object> map() {
        return fields;
    }
}
