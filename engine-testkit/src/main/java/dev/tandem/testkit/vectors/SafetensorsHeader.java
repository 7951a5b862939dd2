package dev.tandem.testkit.vectors;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

/// The JSON in front of the tensors, read token by token so that nothing unexpected passes unseen.
final class SafetensorsHeader {
    private static final String METADATA = "__metadata__";
    private static final JsonFactory STRICT = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private final JsonParser json;

    private SafetensorsHeader(JsonParser json) {
        this.json = json;
    }

    static Safetensors.Header parse(byte[] file, int first, int length) {
        int end = first + length;
        while (end > first && file[end - 1] == ' ') {
            end--;
        }
        if (file[first] != '{') {
            throw new MalformedVector("the header does not begin with {");
        }
        try (JsonParser json = STRICT.createParser(ObjectReadContext.empty(), file, first, end - first)) {
            return new SafetensorsHeader(json).header();
        } catch (JacksonException e) {
            throw new MalformedVector("the header is not JSON: " + e.getOriginalMessage(), e);
        }
    }

    private Safetensors.Header header() {
        Map<String, String> metadata = new LinkedHashMap<>();
        List<Safetensors.Entry> entries = new ArrayList<>();
        expect(json.nextToken(), JsonToken.START_OBJECT, "the header");
        while (json.nextToken() == JsonToken.PROPERTY_NAME) {
            String name = json.currentName();
            expect(json.nextToken(), JsonToken.START_OBJECT, "'" + name + "'");
            if (name.equals(METADATA)) {
                readMetadata(metadata);
            } else {
                entries.add(readEntry(name));
            }
        }
        if (json.nextToken() != null) {
            throw new MalformedVector("something follows the header's closing brace");
        }
        return new Safetensors.Header(metadata, entries);
    }

    private void readMetadata(Map<String, String> metadata) {
        while (json.nextToken() == JsonToken.PROPERTY_NAME) {
            String key = json.currentName();
            expect(json.nextToken(), JsonToken.VALUE_STRING, "metadata '" + key + "'");
            metadata.put(key, json.getString());
        }
    }

    private Safetensors.Entry readEntry(String name) {
        Optional<VectorTensor.Type> type = Optional.empty();
        Optional<List<Long>> shape = Optional.empty();
        Optional<List<Long>> offsets = Optional.empty();
        while (json.nextToken() == JsonToken.PROPERTY_NAME) {
            String key = json.currentName();
            switch (key) {
                case "dtype" -> type = Optional.of(readType(name));
                case "shape" -> shape = Optional.of(readNumbers(name, key));
                case "data_offsets" -> offsets = Optional.of(readNumbers(name, key));
                default -> throw new MalformedVector("tensor '%s' has an unknown field '%s'".formatted(name, key));
            }
        }
        if (type.isEmpty() || shape.isEmpty() || offsets.isEmpty()) {
            throw new MalformedVector("tensor '%s' needs dtype, shape and data_offsets".formatted(name));
        }
        if (offsets.get().size() != 2) {
            throw new MalformedVector("tensor '%s' needs two data_offsets, has %s".formatted(name, offsets.get()));
        }
        return new Safetensors.Entry(
                name,
                type.get(),
                extents(name, shape.get()),
                offsets.get().get(0),
                offsets.get().get(1));
    }

    private VectorTensor.Type readType(String name) {
        expect(json.nextToken(), JsonToken.VALUE_STRING, "the dtype of '" + name + "'");
        String dtype = json.getString();
        return Arrays.stream(VectorTensor.Type.values())
                .filter(type -> type.name().equals(dtype))
                .findFirst()
                .orElseThrow(() -> new MalformedVector("tensor '%s' has the dtype %s; known are %s"
                        .formatted(
                                name,
                                dtype,
                                Arrays.stream(VectorTensor.Type.values())
                                        .map(Enum::name)
                                        .collect(Collectors.joining(", ")))));
    }

    private List<Long> readNumbers(String name, String key) {
        expect(json.nextToken(), JsonToken.START_ARRAY, key + " of '" + name + "'");
        List<Long> numbers = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            expect(json.currentToken(), JsonToken.VALUE_NUMBER_INT, key + " of '" + name + "'");
            numbers.add(json.getLongValue());
        }
        return numbers;
    }

    private static List<Integer> extents(String name, List<Long> shape) {
        long product = 1;
        for (long extent : shape) {
            if (extent < 0 || extent > Integer.MAX_VALUE || product * extent > Integer.MAX_VALUE) {
                throw new MalformedVector("tensor '%s' has the impossible shape %s".formatted(name, shape));
            }
            product *= extent;
        }
        return shape.stream().map(Long::intValue).toList();
    }

    private static void expect(JsonToken found, JsonToken wanted, String what) {
        if (found != wanted) {
            throw new MalformedVector("%s must be %s, is %s".formatted(what, wanted, found));
        }
    }
}
