package dev.tandem.engine;

/// Something outside the caller's control went wrong in a device. Mistakes of the caller are
/// `IllegalArgumentException` and `IllegalStateException` instead.
public class EngineException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /// @param message what happened, why, what to do
    public EngineException(String message) {
        super(message);
    }

    /// @param message what happened, why, what to do
    /// @param cause what was caught
    public EngineException(String message, Throwable cause) {
        super(message, cause);
    }
}
