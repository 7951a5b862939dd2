package dev.tandem.lab.cli;

import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// x
@Command(name = "selftest", description = "x")
final class SelftestCommand implements Callable<Integer> {
    @Mixin
    private final BackendChoice backendChoice = new BackendChoice();

    @Option(names = "--vectors")
    private Optional<Path> vectors = Optional.empty();

    @Override
    public Integer call() {
        return 1;
    }
}
