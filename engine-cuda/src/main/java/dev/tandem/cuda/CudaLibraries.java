package dev.tandem.cuda;

import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// Finds CUDA's libraries where users have them and loads them by absolute path, since JavaCPP's
/// bindings look only into a few folders of their own version.
final class CudaLibraries {
    /// Those that depend on others after them. Names with `*` stand for a minor version.
    private static final List<String> NAMES = List.of(
            "libcudart.so.13", "libnvrtc-builtins.so.13.*", "libnvrtc.so.13", "libcublasLt.so.13", "libcublas.so.13");

    private static final List<String> PYTHON_PACKAGES =
            List.of("lib/python3*/site-packages", "local/lib/python3*/dist-packages", "lib/python3*/dist-packages");

    private final List<Path> folders;

    private CudaLibraries(List<Path> folders) {
        this.folders = List.copyOf(folders);
    }

    /// The folders of this machine: those of the settings, `CUDA_HOME`, `/usr/local/cuda*`, and the
    /// packages of Python environments: active ones, the user's, that of each `python3` on the search path.
    static CudaLibraries of(Settings settings, Map<String, String> environment) {
        return of(settings, environment, Path.of("/"));
    }

    /// @param root of the file system
    static CudaLibraries of(Settings settings, Map<String, String> environment, Path root) {
        List<Path> folders = new ArrayList<>(settings.libraries());
        Stream.of("CUDA_HOME", "CUDA_PATH")
                .flatMap(name -> Optional.ofNullable(environment.get(name)).stream())
                .flatMap(home -> Stream.of(Path.of(home, "lib64"), Path.of(home, "lib")))
                .forEach(folders::add);
        Path local = root.resolve("usr/local");
        for (String toolkit : List.of("cuda", "cuda-13*")) {
            folders.addAll(matching(local, toolkit + "/lib64"));
            folders.addAll(matching(local, toolkit + "/lib"));
        }
        for (Path prefix : pythonPrefixes(environment, root)) {
            PYTHON_PACKAGES.forEach(packages -> folders.addAll(matching(prefix, packages + "/nvidia/cu13/lib")));
        }
        return new CudaLibraries(folders);
    }

    private static Set<Path> pythonPrefixes(Map<String, String> environment, Path root) {
        Set<Path> prefixes = new LinkedHashSet<>();
        Optional.ofNullable(environment.get("VIRTUAL_ENV")).map(Path::of).ifPresent(prefixes::add);
        Optional.ofNullable(environment.get("CONDA_PREFIX")).map(Path::of).ifPresent(prefixes::add);
        Optional.ofNullable(environment.get("HOME"))
                .map(home -> Path.of(home, ".local"))
                .ifPresent(prefixes::add);
        Arrays.stream(environment.getOrDefault("PATH", "").split(File.pathSeparator, -1))
                .filter(folder -> Files.isExecutable(Path.of(folder, "python3")))
                .flatMap(folder -> Stream.ofNullable(Path.of(folder).getParent()))
                .forEach(prefixes::add);
        prefixes.add(root.resolve("usr"));
        return prefixes;
    }

    /// Loads what is found, and says from where. What is not found is left to the system's linker.
    Map<String, Path> load() {
        Map<String, Path> loaded = new LinkedHashMap<>();
        for (String name : NAMES) {
            find(name).ifPresent(file -> {
                try {
                    System.load(file.toString());
                    loaded.put(name, file);
                } catch (UnsatisfiedLinkError e) {
                    System.getLogger("dev.tandem.cuda").log(System.Logger.Level.DEBUG, "not usable: " + file, e);
                }
            });
        }
        return loaded;
    }

    /// The first file of that name.
    Optional<Path> find(String name) {
        return folders.stream()
                .flatMap(folder -> matching(folder, name).stream())
                .findFirst();
    }

    @Override
    public String toString() {
        return folders.toString();
    }

    /// Paths below a folder that match a pattern, of which each name may hold a `*`.
    private static List<Path> matching(Path folder, String pattern) {
        List<Path> found = List.of(folder);
        for (String name : pattern.split("/", -1)) {
            found = found.stream().flatMap(path -> children(path, name)).toList();
        }
        return found;
    }

    private static Stream<Path> children(Path folder, String pattern) {
        if (!Files.isDirectory(folder)) {
            return Stream.empty();
        }
        try (DirectoryStream<Path> children = Files.newDirectoryStream(folder, pattern)) {
            List<Path> found = new ArrayList<>();
            children.forEach(found::add);
            return found.stream().sorted();
        } catch (IOException | DirectoryIteratorException e) {
            return Stream.empty(); // what may not be listed may not be loaded
        }
    }
}
