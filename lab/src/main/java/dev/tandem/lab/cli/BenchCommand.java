package dev.tandem.lab.cli;

import dev.tandem.lab.BadInputException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Unmatched;

/// Lists the benchmarks among the commands. They are a program of their own, which the launcher
/// starts when `bench` is the first word; what arrives here was started otherwise.
@Command(
        name = "bench",
        description = "Measures kernels, layers and steps in FLOP/s; './tandem bench --help' tells more.")
final class BenchCommand implements Callable<Integer> {
    @Unmatched
    private final List<String> arguments = new ArrayList<>();

    @Override
    public Integer call() {
        throw new BadInputException(
                "bench",
                "the benchmarks are a program of their own, which only the launcher starts",
                "Run './tandem bench " + String.join(" ", arguments) + "' with bench as the first word");
    }
}
