package dev.tandem.lab.gpu;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A JSON value of another program. What is absent, or of another kind, is empty or NaN.
record Tree(Object value) {
    /// Stands for nothing.
    static final Tree NONE = new Tree("");

    Tree child(String name) {
        return value instanceof Map<?, ?> map
                ? Optional.ofNullable(map.get(name)).<Tree>map(Tree::new).orElse(NONE)
                : NONE;
    }

    double number(String name) {
        return child(name).value instanceof Double number ? number : Double.NaN;
    }

    String text(String name) {
        return child(name).value instanceof String text ? text : "";
    }

    List<Tree> list(String name) {
        return child(name).value instanceof List<?> list
                ? list.stream().map(element -> new Tree((Object) element)).toList()
                : List.of();
    }

    Map<String, String> strings(String name) {
        Map<String, String> strings = new LinkedHashMap<>();
        if (child(name).value instanceof Map<?, ?> map) {
            map.forEach((key, text) -> strings.put(String.valueOf(key), String.valueOf(text)));
        }
        return strings;
    }

    /// All numbers of an array, and of arrays within it.
    List<Double> numbers(String name) {
        List<Double> numbers = new ArrayList<>();
        collect(child(name).value, numbers);
        return numbers;
    }

    private static void collect(Object value, List<Double> numbers) {
        if (value instanceof Double number) {
            numbers.add(number);
        } else if (value instanceof List<?> list) {
            list.forEach(element -> collect(element, numbers));
        }
    }
}
