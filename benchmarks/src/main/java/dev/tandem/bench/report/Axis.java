package dev.tandem.bench.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/// Measurements that differ in one parameter only, each such family under its name.
///
/// @param values of the parameter, numbers in their order
/// @param families by name; a family maps values to measurements and has at least two
record Axis(List<String> values, Map<String, Map<String, Measurement>> families) {
    static Axis of(List<Measurement> measurements, String parameter) {
        var families = new LinkedHashMap<String, Map<String, Measurement>>();
        for (var measurement : measurements) {
            var others = new LinkedHashMap<>(measurement.parameters());
            String value = others.remove(parameter);
            if (value != null) {
                families.computeIfAbsent(measurement.name() + " " + others, _ -> new LinkedHashMap<>())
                        .put(value, measurement);
            }
        }
        families.values().removeIf(family -> family.size() < 2);
        var named = new LinkedHashMap<String, Map<String, Measurement>>();
        for (var family : families.values()) {
            named.put(name(family.values(), parameter, named.keySet()), family);
        }
        var values = new LinkedHashSet<String>();
        families.values().forEach(family -> values.addAll(family.keySet()));
        var ordered = new ArrayList<>(values);
        if (ordered.stream().allMatch(value -> value.matches("\\d.*"))) {
            ordered.sort((a, b) -> Arrays.compare(numbers(a), numbers(b)));
        }
        return new Axis(ordered, named);
    }

    private static String name(Collection<Measurement> family, String parameter, Collection<String> taken) {
        Measurement one = family.iterator().next();
        if (!taken.contains(one.name())) {
            return one.name();
        }
        var others = new LinkedHashMap<>(one.parameters());
        others.remove(parameter);
        return one.name() + " " + others.getOrDefault("size", others.toString());
    }

    /// Of a size such as `2048x256x1024`.
    private static int[] numbers(String value) {
        return Pattern.compile("\\D+")
                .splitAsStream(value)
                .mapToInt(Integer::parseInt)
                .toArray();
    }

    boolean isEmpty() {
        return families.isEmpty();
    }
}
