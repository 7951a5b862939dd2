package dev.tandem.cuda;

import java.io.File;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;

/// The system properties of this module, read once.
///
/// | property                | meaning                                                       | default |
/// |-------------------------|---------------------------------------------------------------|---------|
/// | `tandem.cuda.device`    | number of the GPU                                             | 0       |
/// | `tandem.cuda.libraries` | folders with CUDA's libraries, searched before the usual ones | none    |
/// | `tandem.cuda.cache`     | folder for compiled kernels and for algorithms chosen         | below   |
/// | `tandem.cuda.debug`     | no graphs; wait after each kernel, so that failures name it   | `false` |
/// | `tandem.cuda.cublas`    | leave large products to cuBLASLt where it is installed        | `true`  |
/// | `tandem.cuda.tune`      | time its algorithms once for each product and keep the choice | `true`  |
///
/// The cache is `$XDG_CACHE_HOME/tandem/cubins`, else `~/.cache/tandem/cubins`.
record Settings(int device, List<Path> libraries, Path cache, boolean debug, boolean cublas, boolean tune) {
    private static final String DEVICE = "tandem.cuda.device";
    private static final String LIBRARIES = "tandem.cuda.libraries";
    private static final String CACHE = "tandem.cuda.cache";
    private static final String DEBUG = "tandem.cuda.debug";
    private static final String CUBLAS = "tandem.cuda.cublas";
    private static final String TUNE = "tandem.cuda.tune";

    Settings {
        if (device < 0) {
            throw new IllegalArgumentException("%s must not be negative, was %d".formatted(DEVICE, device));
        }
        libraries = List.copyOf(libraries);
    }

    static Settings read() {
        return read(System.getProperties(), System.getenv());
    }

    static Settings read(Properties properties, Map<String, String> environment) {
        String folders = properties.getProperty(LIBRARIES, "");
        return new Settings(
                device(properties.getProperty(DEVICE, "0").strip()),
                Arrays.stream(folders.split(File.pathSeparator, -1))
                        .filter(folder -> !folder.isBlank())
                        .map(Path::of)
                        .toList(),
                Optional.ofNullable(properties.getProperty(CACHE))
                        .map(Path::of)
                        .orElseGet(() -> userCache(properties, environment)),
                flag(properties, DEBUG, "false"),
                flag(properties, CUBLAS, "true"),
                flag(properties, TUNE, "true"));
    }

    private static Path userCache(Properties properties, Map<String, String> environment) {
        String configured = environment.getOrDefault("XDG_CACHE_HOME", "");
        Path caches = configured.isBlank()
                ? Path.of(properties.getProperty("user.home", "."), ".cache")
                : Path.of(configured);
        return caches.resolve("tandem").resolve("cubins");
    }

    private static int device(String text) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("%s must be a whole number, was '%s'".formatted(DEVICE, text), e);
        }
    }

    private static boolean flag(Properties properties, String name, String normally) {
        String text = properties.getProperty(name, normally).strip();
        return switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException("%s must be true or false, was '%s'".formatted(name, text));
        };
    }
}
