package dev.tandem.bench;

import picocli.CommandLine.IVersionProvider;

/// The commit that was built, which the launcher knows, and the Java that runs it.
final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
        return new String[] {
            "tandem bench, commit " + System.getProperty("tandem.commit", "unknown"),
            "Java " + Runtime.version() + " (" + System.getProperty("java.home") + ")"
        };
    }
}
