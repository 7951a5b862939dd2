package dev.tandem.bench.report;

import dev.tandem.bench.BadInputException;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/// JSON as maps, lists, strings, doubles and booleans, and one value of it by its path.
///
/// @param value a map, a list, a string, a double, a boolean or, for JSON's own, null
/// @param where the file and the path in it, for messages
record Json(@Nullable Object value, String where) {
    /// Reads a file.
    ///
    /// @throws BadInputException if it is none that can be read, or no JSON
    static Json read(Path file) {
        String text;
        try {
            text = Files.readString(file);
        } catch (IOException e) {
            throw new BadInputException(
                    file.toString(), unreadable(file), "Give a bench.json that 'tandem bench' has written", e);
        }
        try (JsonParser parser = new JsonFactory().createParser(ObjectReadContext.empty(), text)) {
            boolean empty = parser.nextToken() == null;
            return new Json(empty ? null : value(parser), file.toString());
        } catch (JacksonException e) {
            throw new BadInputException(
                    file.toString(),
                    "it is no JSON (line %d, column %d)"
                            .formatted(
                                    e.getLocation().getLineNr(), e.getLocation().getColumnNr()),
                    "Give a bench.json that 'tandem bench' has written",
                    e);
        }
    }

    private static String unreadable(Path file) {
        if (Files.notExists(file)) {
            return "there is no such file";
        }
        return Files.isDirectory(file) ? "it is a folder" : "it cannot be read as text";
    }

    private static @Nullable Object value(JsonParser parser) {
        return switch (parser.currentToken()) {
            case START_OBJECT -> {
                Map<String, @Nullable Object> fields = new LinkedHashMap<>();
                while (parser.nextToken() != JsonToken.END_OBJECT) {
                    String name = parser.currentName();
                    parser.nextToken();
                    fields.put(name, value(parser));
                }
                yield fields;
            }
            case START_ARRAY -> {
                List<@Nullable Object> elements = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    elements.add(value(parser));
                }
                yield elements;
            }
            case VALUE_STRING -> parser.getString();
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case null, default -> null;
        };
    }

    /// The field of an object.
    Json field(String name) {
        return new Json(value instanceof Map<?, ?> map ? map.get(name) : null, where + ", " + name);
    }

    /// The elements of an array.
    List<Json> elements() {
        var elements = new ArrayList<Json>();
        for (Object element : demand(List.class, "a list")) {
            elements.add(new Json(element, where + "[" + elements.size() + "]"));
        }
        return elements;
    }

    /// The fields of an object, all of them strings.
    Map<String, String> strings() {
        var strings = new LinkedHashMap<String, String>();
        for (Object name : demand(Map.class, "an object").keySet()) {
            strings.put((String) name, field((String) name).string());
        }
        return strings;
    }

    /// A string.
    String string() {
        return demand(String.class, "a string");
    }

    /// A number.
    double number() {
        return demand(Double.class, "a number");
    }

    /// A number, or nothing where older reports have none.
    OptionalDouble optional() {
        return value == null ? OptionalDouble.empty() : OptionalDouble.of(number());
    }

    /// An array of numbers.
    double[] numbers() {
        return elements().stream().mapToDouble(Json::number).toArray();
    }

    private <T> T demand(Class<T> type, String what) {
        if (!type.isInstance(value)) {
            throw new BadInputException(
                    where,
                    value == null ? "it is missing" : "it is not " + what,
                    "Give a bench.json that 'tandem bench' has written");
        }
        return type.cast(value);
    }

    /// Writes maps, iterables, arrays of doubles, strings, numbers and booleans, indented. A number
    /// that JSON cannot hold becomes null.
    static String write(Object root) {
        var text = new StringWriter();
        try (var generator = new JsonFactory().createGenerator(ObjectWriteContext.empty(), text)) {
            write(generator, root);
        }
        return indented(text.toString());
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
            case double[] numbers -> {
                generator.writeStartArray();
                for (double number : numbers) {
                    write(generator, number);
                }
                generator.writeEndArray();
            }
            case Boolean truth -> generator.writeBoolean(truth);
            case Number number
            when Double.isFinite(number.doubleValue()) -> generator.writeNumber(number.doubleValue());
            case Number _ -> generator.writeNull();
            default -> generator.writeString(value.toString());
        }
    }

    /// One element of an outer list per line is what a reader and a diff can use.
    private static String indented(String line) {
        return line.replace(",{\"", ",\n{\"").replace("[{\"", "[\n{\"").replace("}],\"", "}\n],\n\"") + "\n";
    }
}
