package dev.tandem.engine;

import java.lang.System.Logger.Level;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Finds and opens backends.
///
/// The name comes from the caller, else from the system property `tandem.backend`, else from the
/// environment variable `TANDEM_BACKEND`; without any, the available backend of the highest
/// priority is opened. What was chosen, and why nothing better, is logged in one line. A backend
/// asked for by name is opened or refused, never replaced.
public final class Backends {
    private static final String PROPERTY = "tandem.backend";
    private static final String VARIABLE = "TANDEM_BACKEND";
    private static final System.Logger LOG = System.getLogger("dev.tandem.engine");

    private Backends() {}

    /// Every provider on the module path and class path, highest priority first.
    public static List<BackendProvider> providers() {
        return ServiceLoader.load(BackendProvider.class).stream()
                .map(ServiceLoader.Provider::get)
                .sorted(Comparator.comparingInt(BackendProvider::priority).reversed())
                .toList();
    }

    /// Opens the configured backend, or the best available one.
    ///
    /// @throws BackendUnavailable if there is none; the message names every reason
    public static Backend open() {
        return open(BackendOptions.DEFAULT);
    }

    /// Opens the configured backend, or the best available one.
    ///
    /// @throws BackendUnavailable if there is none; the message names every reason
    public static Backend open(BackendOptions options) {
        return configured(System.getProperty(PROPERTY), System.getenv(VARIABLE))
                .map(wish -> open(wish, options))
                .orElseGet(() -> openBest(options));
    }

    /// Opens a backend by name.
    ///
    /// @throws IllegalArgumentException if no provider has that name
    /// @throws BackendUnavailable if it cannot be opened here
    public static Backend open(String name, BackendOptions options) {
        return open(new Wish(name, ""), options);
    }

    /// A backend that is asked for by name.
    ///
    /// @param origin who asks, in parentheses, for messages; empty if the caller does
    record Wish(String name, String origin) {}

    /// What the system property asks for, else what the environment does.
    static Optional<Wish> configured(@Nullable String property, @Nullable String variable) {
        return wish(property, "the system property " + PROPERTY)
                .or(() -> wish(variable, "the environment variable " + VARIABLE));
    }

    private static Optional<Wish> wish(@Nullable String name, String origin) {
        return Optional.ofNullable(name)
                .filter(configured -> !configured.isBlank())
                .map(configured -> new Wish(configured, " (named by " + origin + ")"));
    }

    static Backend open(Wish wish, BackendOptions options) {
        String name = wish.name();
        List<BackendProvider> providers = providers();
        BackendProvider provider = providers.stream()
                .filter(candidate -> candidate.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("there is no backend '%s'%s; known here: %s"
                        .formatted(
                                name,
                                wish.origin(),
                                providers.stream().map(BackendProvider::name).collect(Collectors.joining(", ")))));
        if (provider.probe() instanceof Availability.Unavailable(String reason)) {
            throw new BackendUnavailable(name, wish.origin(), reason);
        }
        return opened(provider, options, "");
    }

    private static Backend openBest(BackendOptions options) {
        var passedOver = new StringBuilder();
        for (BackendProvider provider : providers()) {
            switch (provider.probe()) {
                case Availability.Available available -> {
                    return opened(provider, options, passedOver.toString());
                }
                case Availability.Unavailable(String reason) ->
                    passedOver.append("; not %s: %s".formatted(provider.name(), reason));
            }
        }
        throw new BackendUnavailable(
                "any", passedOver.isEmpty() ? "no provider found: add engine-cpu-vector" : passedOver.substring(2));
    }

    private static Backend opened(BackendProvider provider, BackendOptions options, String passedOver) {
        Backend backend = Backend.of(provider.open(options));
        LOG.log(Level.INFO, () -> "backend %s: %s%s".formatted(backend.name(), backend.description(), passedOver));
        return backend;
    }
}
