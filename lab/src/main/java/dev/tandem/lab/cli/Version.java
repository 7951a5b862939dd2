package dev.tandem.lab.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/// The version that Maven wrote into the build.
final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
        return new String[] {
            "tandem " + current(), "Java " + Runtime.version() + " (" + System.getProperty("java.home") + ")"
        };
    }

    static String current() {
        var properties = new Properties();
        try (var input = Version.class.getResourceAsStream("/dev/tandem/lab/cli/version.properties")) {
            if (input != null) {
                properties.load(input);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return properties.getProperty("version", "unknown");
    }
}
