package dev.tandem.cuda;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Loader;

/// JavaCPP's bindings of the CUDA driver. A class whose native code failed to load says why only
/// once, so the attempt is made once and its outcome kept.
///
/// @param libraries the CUDA libraries that were loaded from known places
/// @param failure why they cannot be used, empty if they can
record Bindings(Map<String, Path> libraries, Optional<String> failure) {
    private static final String CLASS = "org.bytedeco.cuda.global.cudart";
    private static final String NATIVE = "org/bytedeco/cuda/linux-x86_64/";

    Bindings {
        libraries = Map.copyOf(libraries);
    }

    private static final class Loaded {
        static final Bindings ONCE = load();
    }

    /// Loads them, once.
    ///
    /// Before, [DriverProbe] must have found a GPU: without a driver a call through JavaCPP can end
    /// the process.
    static Bindings loaded() {
        return Loaded.ONCE;
    }

    private static Bindings load() {
        try {
            Class.forName(CLASS, false, Bindings.class.getClassLoader());
        } catch (ClassNotFoundException | NoClassDefFoundError e) { // the latter if half of them is absent
            return failed("JavaCPP's CUDA bindings are absent: add org.bytedeco:cuda and org.bytedeco:javacpp, each"
                    + " also with the classifier linux-x86_64");
        }
        CudaLibraries libraries = CudaLibraries.of(Settings.read(), System.getenv());
        try {
            Map<String, Path> found = libraries.load();
            Loader.load(cudart.class);
            return new Bindings(found, Optional.empty());
        } catch (LinkageError e) {
            return failed(absent("jnicudart").orElseGet(() -> unusable(e, libraries)));
        }
    }

    private static String unusable(LinkageError e, CudaLibraries libraries) {
        return ("JavaCPP's CUDA bindings do not load (%s): install the CUDA 13 runtime, libcudart.so.13, or"
                        + " name its folder by -Dtandem.cuda.libraries; looked in %s")
                .formatted(innermost(e), libraries);
    }

    /// What to do about native code of the bindings that is nowhere to be loaded from; empty if it is there.
    static Optional<String> absent(String library) {
        String file = System.mapLibraryName(library);
        boolean packed = Bindings.class.getClassLoader().getResource(NATIVE + file) != null;
        boolean there = packed
                || Arrays.stream(System.getProperty("java.library.path", "").split(File.pathSeparator, -1))
                        .anyMatch(folder -> Files.exists(Path.of(folder, file)));
        return there
                ? Optional.empty()
                : Optional.of(
                        ("JavaCPP's bindings are incomplete, without %s: add org.bytedeco:cuda with the classifier"
                                        + " linux-x86_64, of the same version")
                                .formatted(file));
    }

    private static Bindings failed(String reason) {
        return new Bindings(Map.of(), Optional.of(reason));
    }

    /// The words of the cause behind all causes.
    static String innermost(Throwable thrown) {
        Throwable cause = thrown;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return String.valueOf(cause.getMessage());
    }
}
