package dev.tandem.testkit.contract;

import dev.tandem.engine.Backend;
import dev.tandem.engine.BackendOptions;
import dev.tandem.engine.BackendUnavailable;
import dev.tandem.engine.Backends;
import java.util.List;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/// Opens a backend for a test, which is skipped where the backend is unavailable – or fails, if
/// the backend is among those that `-Dtandem.required=cpu-vector,cuda` names.
public final class RequiredBackend {
    private static final String REQUIRED = "tandem.required";

    private RequiredBackend() {}

    /// Opens a backend by name, or ends the test.
    ///
    /// @param name the provider's name
    /// @param options how to open it
    public static Backend open(String name, BackendOptions options) {
        try {
            return Backends.open(name, options);
        } catch (BackendUnavailable e) {
            String reason = String.valueOf(e.getMessage());
            if (List.of(System.getProperty(REQUIRED, "").split(",")).contains(name)) {
                Assertions.fail("-D%s asks for this backend: %s".formatted(REQUIRED, reason), e);
            }
            Assumptions.abort(reason);
            throw e; // not reached: one of the two above has thrown
        }
    }
}
