package dev.tandem.bench;

/// Input that the user can mend. The message is one paragraph that says what is wrong, why it is,
/// and what to do.
public final class BadInputException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /// Joins the three parts to one paragraph.
    ///
    /// @param what what was found, without a full stop
    /// @param why why that cannot be used, without a full stop
    /// @param remedy what to do about it, without a full stop
    public BadInputException(String what, String why, String remedy) {
        super("%s: %s. %s.".formatted(what, why, remedy));
    }

    /// As the other constructor, keeping the exception that revealed the fault.
    public BadInputException(String what, String why, String remedy, Throwable cause) {
        super("%s: %s. %s.".formatted(what, why, remedy), cause);
    }
}
