package dev.tandem.testkit.vectors;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/// One test vector: options, inputs and expected results of one computation.
///
/// @param name the file's name without its extension
/// @param metadata options, notes and bounds, all of them text
/// @param tensors inputs and results by name
public record VectorFile(String name, Map<String, String> metadata, Map<String, VectorTensor> tensors) {
    /// The extension of vector files, dot included.
    public static final String EXTENSION = ".safetensors";

    private static final String FORMAT = "moe-vectors-1";

    /// Copies the maps.
    public VectorFile {
        metadata = Map.copyOf(metadata);
        tensors = Map.copyOf(tensors);
    }

    /// Reads one file.
    ///
    /// @throws MalformedVector if it is not a well-formed vector
    /// @throws IOException if it cannot be read
    public static VectorFile read(Path path) throws IOException {
        Path fileName = path.getFileName();
        String name = fileName == null ? path.toString() : fileName.toString();
        Safetensors.Content content = Safetensors.parse(Files.readAllBytes(path));
        var file = new VectorFile(name.replace(EXTENSION, ""), content.metadata(), content.tensors());
        String format = file.option("format");
        if (!format.equals(FORMAT)) {
            throw new MalformedVector("its format is '%s', this reader knows '%s'".formatted(format, FORMAT));
        }
        return file;
    }

    /// What computation it is of; a [VectorRunner] of the same kind understands it.
    public String kind() {
        return option("kind");
    }

    /// Whether there is a tensor of that name.
    public boolean has(String tensor) {
        return tensors.containsKey(tensor);
    }

    /// The tensor of a name.
    ///
    /// @throws MalformedVector if there is none
    public VectorTensor tensor(String tensor) {
        VectorTensor found = tensors.get(tensor);
        if (found == null) {
            throw new MalformedVector("it lacks the tensor '%s'".formatted(tensor));
        }
        return found;
    }

    /// The value of a floating tensor with one element.
    ///
    /// @throws MalformedVector if there is none such
    public double scalar(String tensor) {
        double[] values = tensor(tensor).doubles();
        if (values.length != 1) {
            throw new MalformedVector("tensor '%s' must hold one value, holds %d".formatted(tensor, values.length));
        }
        return values[0];
    }

    /// An entry of the metadata.
    ///
    /// @throws MalformedVector if there is none
    public String option(String key) {
        String found = metadata.get(key);
        if (found == null) {
            throw new MalformedVector("its metadata lack '%s'".formatted(key));
        }
        return found;
    }

    /// An entry of the metadata that is a number.
    ///
    /// @throws MalformedVector if there is none
    public double number(String key) {
        try {
            return Double.parseDouble(option(key));
        } catch (NumberFormatException e) {
            throw new MalformedVector("metadata '%s' must be a number, is '%s'".formatted(key, option(key)), e);
        }
    }

    /// An entry of the metadata that is a whole number.
    ///
    /// @throws MalformedVector if there is none
    public int integer(String key) {
        double number = number(key);
        if (number != (int) number) {
            throw new MalformedVector("metadata '%s' must be a whole number, is '%s'".formatted(key, option(key)));
        }
        return (int) number;
    }

    /// An entry of the metadata that is `true` or `false`.
    ///
    /// @throws MalformedVector if there is none
    public boolean flag(String key) {
        return switch (option(key)) {
            case "true" -> true;
            case "false" -> false;
            default ->
                throw new MalformedVector("metadata '%s' must be true or false, is '%s'".formatted(key, option(key)));
        };
    }

    /// An entry of the metadata that is a list of numbers, such as `[0.01, 0.02]`.
    ///
    /// @throws MalformedVector if there is none
    public double[] numbers(String key) {
        String text = option(key).strip();
        if (!text.startsWith("[") || !text.endsWith("]")) {
            throw new MalformedVector("metadata '%s' must be a list, is '%s'".formatted(key, text));
        }
        try {
            return Arrays.stream(text.substring(1, text.length() - 1).split(",", -1))
                    .mapToDouble(Double::parseDouble)
                    .toArray();
        } catch (NumberFormatException e) {
            throw new MalformedVector("metadata '%s' must be a list of numbers, is '%s'".formatted(key, text), e);
        }
    }
}
