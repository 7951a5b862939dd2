package dev.tandem.testkit.contract;

import dev.tandem.testkit.vectors.VectorSuite;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/// The folder of shared test data: the system property `tandem.shared`, else `../shared` beside the
/// root of the repository.
///
/// Where it is absent tests that need it are skipped, or fail with `-Dtandem.required.shared=true`.
public final class SharedVectors {
    private static final String FOLDER = "tandem.shared";
    private static final String REQUIRED = "tandem.required.shared";

    private SharedVectors() {}

    /// The vector files, by name.
    public static List<Path> files() {
        try {
            return VectorSuite.files(folder("vectors"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// A folder inside the shared one. Skips the test where it is absent.
    public static Path folder(String name) {
        Path folder = Path.of(System.getProperty(FOLDER, "../shared"))
                .resolve(name)
                .toAbsolutePath()
                .normalize();
        if (!Files.isDirectory(folder)) {
            String reason = "there is no folder %s: set -D%s".formatted(folder, FOLDER);
            if (Boolean.getBoolean(REQUIRED)) {
                Assertions.fail(reason);
            }
            Assumptions.abort(reason);
        }
        return folder;
    }
}
