package dev.tandem.bench.peer;

import java.net.URISyntaxException;
import java.nio.file.Path;
import java.security.CodeSource;

/// The jar that a class comes from.
final class Artifact {
    private Artifact() {}

    /// Its version, from its file name: `mkl-2025.3-1.5.13.jar` says `2025.3-1.5.13`.
    static String version(Class<?> type) {
        CodeSource source = type.getProtectionDomain().getCodeSource();
        if (source == null) {
            return "of unknown version";
        }
        try {
            String file = Path.of(source.getLocation().toURI()).getFileName().toString();
            return file.replaceFirst("^[^-]+-", "").replaceFirst("\\.jar$", "");
        } catch (URISyntaxException e) {
            return "of unknown version";
        }
    }
}
