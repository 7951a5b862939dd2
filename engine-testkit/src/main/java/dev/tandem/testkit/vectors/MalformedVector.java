package dev.tandem.testkit.vectors;

/// A vector file that breaks its format, or lacks what its kind needs. The message says what and
/// where.
public final class MalformedVector extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /// @param reason one sentence
    public MalformedVector(String reason) {
        super(reason);
    }

    MalformedVector(String reason, Throwable cause) {
        super(reason, cause);
    }
}
