package dev.tandem.engine;

/// What a probe found, without throwing.
public sealed interface Availability {
    /// The backend can be opened.
    ///
    /// @param device one line on what was found: processor, width, threads
    record Available(String device) implements Availability {}

    /// The backend cannot be opened.
    ///
    /// @param reason why not, and what to do about it
    record Unavailable(String reason) implements Availability {}
}
