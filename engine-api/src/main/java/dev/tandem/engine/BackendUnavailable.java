package dev.tandem.engine;

/// The backend that was asked for cannot be opened here.
public final class BackendUnavailable extends EngineException {
    private static final long serialVersionUID = 1L;

    /// @param backend its name
    /// @param reason why not, and what to do about it
    public BackendUnavailable(String backend, String reason) {
        this(backend, "", reason);
    }

    /// @param origin who asks for it, in parentheses
    BackendUnavailable(String backend, String origin, String reason) {
        super("backend '%s'%s is not available: %s".formatted(backend, origin, reason));
    }
}
