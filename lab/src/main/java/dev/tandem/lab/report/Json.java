package dev.tandem.lab.report;

import java.io.StringWriter;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/// Writes maps, lists, strings, numbers and booleans as JSON. A number that JSON cannot hold (NaN,
/// infinity) becomes `null`, an empty [Optional] too.
public final class Json {
    private Json() {}

    /// One line, as for JSON lines.
    public static String line(Object value) {
        var text = new StringWriter();
        try (var generator = new JsonFactory().createGenerator(ObjectWriteContext.empty(), text)) {
            write(generator, value);
        }
        return text.toString();
    }

    /// Many lines, indented by two blanks; arrays of numbers stay on one line.
    public static String pretty(Object value) {
        var text = new StringBuilder();
        indent(text, value, 0);
        return text.append('\n').toString();
    }

    private static void indent(StringBuilder text, Object value, int depth) {
        String inner = "  ".repeat(depth + 1);
        switch (value) {
            case Map<?, ?> map
            when !map.isEmpty() -> {
                String separator = "{\n";
                for (var entry : map.entrySet()) {
                    text.append(separator)
                            .append(inner)
                            .append(line(entry.getKey().toString()))
                            .append(": ");
                    indent(text, entry.getValue(), depth + 1);
                    separator = ",\n";
                }
                text.append('\n').append("  ".repeat(depth)).append('}');
            }
            case Iterable<?> list
            when holdsContainers(list) -> {
                String separator = "[\n";
                for (Object element : list) {
                    text.append(separator).append(inner);
                    indent(text, element, depth + 1);
                    separator = ",\n";
                }
                text.append('\n').append("  ".repeat(depth)).append(']');
            }
            case Optional<?> optional when optional.isPresent() -> indent(text, optional.get(), depth);
            default -> text.append(line(value));
        }
    }

    private static boolean holdsContainers(Iterable<?> list) {
        for (Object element : list) {
            if (element instanceof Map || element instanceof Iterable) {
                return true;
            }
        }
        return false;
    }

    private static void write(JsonGenerator generator, Object value) {
        switch (value) {
            case Map<?, ?> map -> {
                generator.writeStartObject();
                for (var entry : map.entrySet()) {
                    generator.writeName(entry.getKey().toString());
                    write(generator, entry.getValue());
                }
                generator.writeEndObject();
            }
            case Iterable<?> list -> {
                generator.writeStartArray();
                for (Object element : list) {
                    write(generator, element);
                }
                generator.writeEndArray();
            }
            case Optional<?> optional -> {
                if (optional.isPresent()) {
                    write(generator, optional.get());
                } else {
                    generator.writeNull();
                }
            }
            case String text -> generator.writeString(text);
            case Boolean truth -> generator.writeBoolean(truth);
            case Integer number -> generator.writeNumber(number);
            case Long number -> generator.writeNumber(number);
            case Double number when Double.isFinite(number) -> generator.writeNumber(number);
            case Float number when Float.isFinite(number) -> generator.writeNumber(number);
            case Double _, Float _ -> generator.writeNull();
            default -> throw new IllegalArgumentException("no JSON for " + value.getClass());
        }
    }
}
