package dev.tandem.lab.cli;

import dev.tandem.lab.BadInputException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Unmatched;

/// Lists the bundle among the commands. The launcher makes it when `bundle` is the first word; what
/// arrives here was started otherwise.
@Command(
        name = "bundle",
        description =
                "Writes a folder for a machine with neither Java nor a network; './tandem bundle --help' tells more.")
final class BundleCommand implements Callable<Integer> {
    @Unmatched
    private final List<String> arguments = new ArrayList<>();

    @Override
    public Integer call() {
        throw new BadInputException(
                "bundle",
                "bundles are made by the launcher of a checkout only",
                "Run './tandem bundle " + String.join(" ", arguments) + "' with bundle as the first word");
    }
}
