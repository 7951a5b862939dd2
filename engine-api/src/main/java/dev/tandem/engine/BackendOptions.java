package dev.tandem.engine;

/// How a backend is to be opened.
///
/// @param threads host threads that compute, the caller's included; 0 leaves the choice to
///     the backend
public record BackendOptions(int threads) {
    /// Everything left to the backend.
    public static final BackendOptions DEFAULT = new BackendOptions(0);

    /// Refuses a negative number of threads.
    public BackendOptions {
        if (threads < 0 || threads > 1024) {
            throw new IllegalArgumentException("threads must be in 0..1024 (0 = automatic), was " + threads);
        }
    }
}
