package dev.tandem.lab.cli;

import dev.tandem.engine.Availability;
import dev.tandem.engine.Backend;
import dev.tandem.engine.BackendOptions;
import dev.tandem.engine.BackendProvider;
import dev.tandem.engine.Backends;
import dev.tandem.lab.BadInputException;
import dev.tandem.testkit.ReferenceBackend;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Option;

/// The options that choose where a command computes.
final class BackendChoice {
    @Option(
            names = "--backend",
            paramLabel = "NAME",
            description = "Backend that computes; 'tandem doctor' lists them. Default: the best available one."
                    + " 'reference' is the float64 oracle: exact, on one thread, some hundred times slower.")
    private Optional<String> backend = Optional.empty();

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads that compute, 1 to 1024. Default: one per core. Results do not depend on it.")
    private Optional<Integer> threads = Optional.empty();

    /// Opens the backend that was chosen, else the best available one.
    Backend open() {
        return backend.isPresent() ? open("--backend", backend.get()) : Backends.open(options());
    }

    /// Opens a backend by name.
    ///
    /// @param option which named it, for the complaint
    Backend open(String option, String name) {
        BackendOptions options = options();
        if (name.equals(ReferenceBackend.NAME)) {
            return ReferenceBackend.open();
        }
        if (Backends.providers().stream().noneMatch(provider -> provider.name().equals(name))) {
            throw new BadInputException(
                    option + " " + name,
                    "there is no backend of that name; known are " + names(),
                    "Choose one of them; 'tandem doctor' tells which are available here");
        }
        return Backends.open(name, options);
    }

    /// Says which backend computes, and why no better one.
    void announce(Backend opened, Consumer<String> line) {
        line.accept("backend %s: %s".formatted(opened.name(), opened.description()));
        if (backend.isEmpty()) {
            Backends.providers().stream()
                    .takeWhile(better -> !better.name().equals(opened.name()))
                    .forEach(better -> {
                        if (better.probe() instanceof Availability.Unavailable(String reason)) {
                            line.accept("  not %s: %s".formatted(better.name(), reason));
                        }
                    });
        }
    }

    private BackendOptions options() {
        threads.ifPresent(count -> Ranges.require("--threads", count, 1, 1024));
        return new BackendOptions(threads.orElse(0));
    }

    private static String names() {
        return Stream.concat(Backends.providers().stream().map(BackendProvider::name), Stream.of(ReferenceBackend.NAME))
                .collect(Collectors.joining(", "));
    }
}
