package dev.tandem.bench;

import dev.tandem.engine.Availability;
import dev.tandem.engine.BackendOptions;
import dev.tandem.engine.BackendProvider;
import dev.tandem.engine.BackendUnavailable;
import dev.tandem.engine.Backends;
import dev.tandem.engine.Device;
import dev.tandem.engine.ElementType;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// The backend that is measured.
///
/// @param provider of it, available here
/// @param device that it found
record BackendChoice(BackendProvider provider, String device) {
    /// The one of that name, or the best that is available.
    ///
    /// @throws BadInputException if none has that name
    /// @throws BackendUnavailable if it cannot compute here
    static BackendChoice of(Optional<String> name) {
        List<BackendProvider> providers = Backends.providers();
        BackendProvider provider = name.isEmpty() ? best(providers) : named(name.get(), providers);
        return switch (provider.probe()) {
            case Availability.Available(String device) -> new BackendChoice(provider, device);
            case Availability.Unavailable(String reason) -> throw new BackendUnavailable(provider.name(), reason);
        };
    }

    private static BackendProvider best(List<BackendProvider> providers) {
        return providers.stream()
                .filter(candidate -> candidate.probe() instanceof Availability.Available)
                .findFirst()
                .orElseThrow(() -> new BackendUnavailable("any", "none of " + names(providers) + " is available here"));
    }

    private static BackendProvider named(String name, List<BackendProvider> providers) {
        return providers.stream()
                .filter(candidate -> candidate.name().equals(name.toLowerCase(Locale.ROOT)))
                .findFirst()
                .orElseThrow(() -> new BadInputException(
                        "--backend " + name,
                        "there is no backend of that name; known are " + names(providers),
                        "Choose one of them"));
    }

    private static String names(List<BackendProvider> providers) {
        return providers.stream().map(BackendProvider::name).collect(Collectors.joining(", "));
    }

    String name() {
        return provider.name();
    }

    /// Name and device.
    String description() {
        return name() + ": " + device;
    }

    /// Types that weights may have beside activations of F32.
    Set<ElementType> weights() {
        try (Device opened = provider.open(BackendOptions.DEFAULT)) {
            var types = EnumSet.of(ElementType.F32);
            types.addAll(opened.weightTypes());
            return types;
        }
    }
}
