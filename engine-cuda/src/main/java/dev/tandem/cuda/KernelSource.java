package dev.tandem.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The text of a `.cu` resource with its own headers put in place, so that a compiler needs no search
/// path.
///
/// @param file the resource, such as `add.cu`
/// @param text what to compile; `#line` directives lead back to the resources
record KernelSource(String file, String text) {
    private static final Pattern INCLUDE = Pattern.compile("#include \"([\\w.]+)\"");

    /// Reads a resource beside this class.
    static KernelSource of(String file) {
        var text = new StringBuilder();
        append(text, file, new HashSet<>());
        return new KernelSource(file, text.toString());
    }

    private static void append(StringBuilder text, String file, Set<String> seen) {
        if (!seen.add(file)) {
            return;
        }
        text.append("#line 1 \"%s\"%n".formatted(file));
        int number = 0;
        for (String line : (Iterable<String>) read(file).lines()::iterator) {
            number++;
            Matcher include = INCLUDE.matcher(line);
            if (include.matches()) {
                append(text, include.group(1), seen);
                text.append("#line %d \"%s\"%n".formatted(number + 1, file));
            } else {
                text.append(line.equals("#pragma once") ? "" : line).append('\n');
            }
        }
    }

    private static String read(String file) {
        try (InputStream resource = KernelSource.class.getResourceAsStream(file)) {
            if (resource == null) {
                throw new IllegalArgumentException("there is no kernel source %s in this module".formatted(file));
            }
            return new String(resource.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
