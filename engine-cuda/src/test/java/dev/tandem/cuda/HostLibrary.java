package dev.tandem.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Builds the kernel sources with the system's C++ compiler into one shared library. What has not
/// changed since the last time is not compiled again.
final class HostLibrary {
    private static final Path FOLDER = Path.of("target", "host-shim");
    private static final Path LOCK = FOLDER.resolve("build.lock");
    private static final List<String> HEADERS = List.of("cuda_host.h", "host_meetings.h", "host_stacks.h");
    private static final List<String> FLAGS = List.of(
            "-std=c++17",
            "-x",
            "c++",
            "-fPIC",
            "-g",
            "-O2",
            // a host without FMA and one with it give the same bits
            "-ffp-contract=off",
            "-fno-strict-aliasing",
            "-fvisibility=hidden",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-Wno-unused-function",
            "-DTANDEM_HOST");

    /// With `-Pshim-sanitizers`: a kernel that reads or writes outside its operands, or does what C++ leaves
    /// undefined, ends the process with a report.
    static final boolean SANITIZED = Boolean.getBoolean("tandem.shim.sanitized");

    private static final List<String> SANITIZERS = SANITIZED
            ? List.of("-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer")
            : List.of();

    /// Kernels that misbehave, for [HostShimTest].
    static final String SHIM_TEST = "host_shim_test.cu";

    private static final String SUCCESS = "exit status 0";

    private HostLibrary() {}

    /// Whether there is a compiler.
    static boolean compilerFound() {
        try {
            return execute(List.of(compiler(), "--version")).isEmpty();
        } catch (UncheckedIOException e) {
            return false;
        }
    }

    /// The library of all kernels.
    static Path build() {
        return alone(HostLibrary::buildAlone);
    }

    /// Builds something while no other process of the tests does.
    static synchronized <T> T alone(Supplier<T> building) {
        create(FOLDER);
        try (var channel = FileChannel.open(LOCK, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                var _ = channel.lock()) {
            return building.get();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path buildAlone() {
        HEADERS.forEach(header -> write(FOLDER.resolve(header), resource(header)));
        List<Path> objects = Stream.concat(DeclaredKernel.files().stream(), Stream.of("cuda_host.cpp", SHIM_TEST))
                .parallel()
                .map(HostLibrary::object)
                .toList();
        String names = objects.stream().map(Path::toString).collect(Collectors.joining(" "));
        Path library = FOLDER.resolve("kernels-%s.so".formatted(hash(names)));
        if (!Files.exists(library)) {
            List<String> command = new ArrayList<>(List.of(compiler(), "-shared"));
            command.addAll(SANITIZERS);
            objects.forEach(object -> command.add(object.toString()));
            make(library, command);
        }
        return library.toAbsolutePath();
    }

    /// The source followed by a table of its kernels, written by the compiler that lays them out.
    private static String withTable(KernelSource source) {
        var text = new StringBuilder("#include \"cuda_host.h\"\n").append(source.text());
        text.append("#line 1 \"table of kernels\"\nnamespace {\n");
        for (DeclaredKernel kernel : DeclaredKernel.of(source)) {
            String fields = kernel.fields().stream()
                    .map(field -> "{\"%s\", tandem_host::kind<decltype(%s::%s)>(), offsetof(%s, %s), sizeof(%s::%s)}"
                            .formatted(
                                    field,
                                    kernel.structure(),
                                    field,
                                    kernel.structure(),
                                    field,
                                    kernel.structure(),
                                    field))
                    .collect(Collectors.joining(",\n    "));
            text.append("""
                    const tandem_host::Field fields_NAME[] = {
                        FIELDS};
                    const tandem_host::Registration registration_NAME(
                        "FILE", "NAME", THREADS, sizeof(ARGUMENTS), fields_NAME, COUNT,
                        [](const void* block) { NAME(*static_cast<const ARGUMENTS*>(block)); });
                    """.replace("FIELDS", fields)
                    .replace("FILE", source.file())
                    .replace("NAME", kernel.name())
                    .replace("THREADS", kernel.threads())
                    .replace("ARGUMENTS", kernel.structure())
                    .replace("COUNT", String.valueOf(kernel.fields().size())));
        }
        return text.append("}\n").toString();
    }

    private static Path object(String file) {
        String name = file.substring(0, file.indexOf('.'));
        String headers = HEADERS.stream().map(HostLibrary::resource).collect(Collectors.joining());
        String text = file.endsWith(".cpp") ? resource(file) : withTable(KernelSource.of(file));
        Path object = FOLDER.resolve("%s-%s.o".formatted(name, hash(text + headers + FLAGS + SANITIZERS)));
        if (!Files.exists(object)) {
            Path source = FOLDER.resolve(name + ".cpp");
            write(source, text);
            List<String> command = new ArrayList<>(List.of(compiler(), "-c"));
            command.addAll(FLAGS);
            command.addAll(SANITIZERS);
            command.add(source.toString());
            make(object, command);
        }
        return object;
    }

    /// Runs a command that writes a file, which appears only when it is whole.
    static void make(Path file, List<String> command) {
        Path unfinished = file.resolveSibling(
                "%s.%d".formatted(file.getFileName(), ProcessHandle.current().pid()));
        List<String> whole = new ArrayList<>(command);
        whole.addAll(List.of("-o", unfinished.toString()));
        String output = execute(whole);
        if (!output.isEmpty()) {
            throw new IllegalStateException("%s failed:%n%s".formatted(String.join(" ", whole), output));
        }
        try {
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// What a command that failed has printed, empty if it succeeded.
    static String execute(List<String> command) {
        String output = printed(command);
        return output.endsWith(SUCCESS) ? "" : output;
    }

    /// What a command has printed, with its exit status.
    static String printed(List<String> command) {
        try {
            var builder = new ProcessBuilder(command).redirectErrorStream(true);
            builder.environment().remove("LD_PRELOAD"); // the sanitizer is for the kernels only
            Process process = builder.start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return "%s%nexit status %d".formatted(output, process.waitFor());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    static String compiler() {
        return Objects.requireNonNullElse(System.getenv("CXX"), "g++");
    }

    static String resource(String name) {
        try (InputStream stream = HostLibrary.class.getResourceAsStream(name)) {
            return new String(Objects.requireNonNull(stream, name).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void create(Path folder) {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void write(Path file, String text) {
        try {
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String hash(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest).substring(0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
