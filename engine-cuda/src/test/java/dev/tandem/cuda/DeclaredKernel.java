package dev.tandem.cuda;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// What a source says of one of its kernels: `TANDEM_KERNEL(name, Arguments, threads)` and the
/// structure of that name.
///
/// @param name the kernel
/// @param structure its structure of arguments, with the type it is made for where it is a template
/// @param threads most threads of a block, an expression
/// @param fields names of the structure's fields
record DeclaredKernel(String name, String structure, String threads, List<String> fields) {
    private static final Pattern KERNEL =
            Pattern.compile("(?m)^TANDEM_(?:ROOMY_)?KERNEL\\((\\w+), ([\\w<>]+), ([^)]+)\\)");
    private static final Pattern FIELD = Pattern.compile("(\\w+);");
    private static final Pattern COMMENT = Pattern.compile("//.*");

    /// The kernels of a source in their order.
    static List<DeclaredKernel> of(KernelSource source) {
        return KERNEL.matcher(source.text())
                .results()
                .map(found -> new DeclaredKernel(
                        found.group(1), found.group(2), found.group(3), fields(source.text(), found.group(2))))
                .toList();
    }

    /// Every `.cu` file beside this package's classes.
    static List<String> files() {
        URL folder = Objects.requireNonNull(KernelSource.class.getResource("tandem.cuh"), "tandem.cuh");
        try (Stream<Path> files = Files.list(
                Objects.requireNonNull(Path.of(new URI(folder.toString())).getParent()))) {
            return files.map(file -> String.valueOf(file.getFileName()))
                    .filter(name -> name.endsWith(".cu"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<String> fields(String text, String structure) {
        String template = structure.replaceFirst("<.*", "");
        var body =
                Pattern.compile("(?s)struct " + template + " \\{(.*?)\\n\\};").matcher(text);
        if (!body.find()) {
            throw new IllegalStateException("there is no struct %s { … };".formatted(structure));
        }
        return FIELD.matcher(COMMENT.matcher(body.group(1)).replaceAll(""))
                .results()
                .map(field -> field.group(1))
                .toList();
    }
}
