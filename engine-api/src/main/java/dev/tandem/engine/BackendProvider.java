package dev.tandem.engine;

import java.util.Map;

/// What a backend registers with `java.util.ServiceLoader`.
///
/// Loading the provider must touch nothing that may be missing: no native library, no incubating
/// module, no thread. [#probe] is the first call that may look.
public interface BackendProvider {
    /// The name users give: lower case, words joined by `-`.
    String name();

    /// The available backend of the highest priority is opened when no name is given.
    int priority();

    /// Looks for the device. Never throws; an absent device is an [Availability.Unavailable] with a
    /// reason.
    Availability probe();

    /// What it depends on, with versions and places or "not found", for people who look for a fault
    /// and for reports. Never throws.
    default Map<String, String> requirements() {
        return Map.of();
    }

    /// Opens the device.
    ///
    /// @throws BackendUnavailable if [#probe] says so
    Device open(BackendOptions options);
}
