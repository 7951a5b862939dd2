package dev.tandem.lab.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/// The command line of Tandem.
@Command(
        name = "tandem",
        mixinStandardHelpOptions = true,
        version = "tandem 0.1.0-SNAPSHOT",
        description = "Trains and measures Mixture-of-Experts language models on the JVM.")
public final class Main {

    private Main() {}

    /// Runs one command and ends the process with its exit code.
    public static void main(String[] args) {
        System.exit(new CommandLine(new Main()).execute(args));
    }
}
