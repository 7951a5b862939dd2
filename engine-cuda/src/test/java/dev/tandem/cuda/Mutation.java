package dev.tandem.cuda;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// A fault in a kernel source, and the tests that must find it.
///
/// @param file the source
/// @param original what stands there exactly once
/// @param replacement what is wrong
/// @param tests a class of this package
record Mutation(String file, String original, String replacement, String tests) {
    private static final String FIELD_END = " \\| ";

    /// The faults of `mutations.txt`.
    static List<Mutation> all() {
        return HostLibrary.resource("mutations.txt")
                .lines()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .map(Mutation::of)
                .toList();
    }

    private static Mutation of(String line) {
        String[] fields = line.split(FIELD_END, -1);
        if (fields.length != 4) {
            throw new IllegalArgumentException("a mutation is 'file | original | replacement | tests', was " + line);
        }
        return new Mutation(fields[0], lines(fields[1]), lines(fields[2]), fields[3]);
    }

    private static String lines(String field) {
        return field.strip().replace("\\n", "\n");
    }

    /// Copies all kernel sources of a folder to another one and puts the fault in.
    void apply(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        for (Path source : sources(from)) {
            String text = Files.readString(source);
            String name = String.valueOf(source.getFileName());
            Files.writeString(to.resolve(name), name.equals(file) ? mutated(text) : text);
        }
    }

    private String mutated(String text) {
        int at = text.indexOf(original);
        if (at < 0 || text.indexOf(original, at + 1) >= 0) {
            throw new IllegalStateException("%s must hold this once: %s".formatted(file, original));
        }
        return text.substring(0, at) + replacement + text.substring(at + original.length());
    }

    private static List<Path> sources(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(path -> String.valueOf(path.getFileName()).matches(".*\\.cuh?"))
                    .toList();
        }
    }

    @Override
    public String toString() {
        return "%s: %s → %s".formatted(file, shown(original), shown(replacement));
    }

    private static String shown(String code) {
        return code.isBlank() ? "nothing" : code.replaceAll("\\s+", " ");
    }
}
