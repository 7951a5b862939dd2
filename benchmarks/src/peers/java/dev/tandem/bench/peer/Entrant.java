package dev.tandem.bench.peer;

import dev.tandem.bench.report.PeerResult;
import java.util.List;
import java.util.Map;

/// Who may try to answer a question, before its library is loaded.
///
/// @param library and, where it has several ways to the answer, which
/// @param flags of its virtual machine
/// @param environment of its process
/// @param rounding beside that of F32, relative to an answer's largest element; for libraries that have some step only
///     in a narrower type
/// @param opening loads the library and gives it the question
record Entrant(String library, List<String> flags, Map<String, String> environment, double rounding, Opening opening) {
    static final String TANDEM = "Tandem";

    /// Gives the question to a library.
    @FunctionalInterface
    interface Opening {
        /// @throws LinkageError if the library cannot be loaded here
        Contestant open(Setting setting);
    }

    Entrant(String library, Opening opening) {
        this(library, List.of(), Map.of(), 0, opening);
    }

    static Entrant tandem(Opening opening) {
        return new Entrant(TANDEM, opening);
    }

    /// The same on one thread, whatever others may use.
    Entrant alone() {
        return new Entrant(
                PeerResult.ALONE,
                flags,
                environment,
                rounding,
                setting -> opening.open(new Setting(setting.backend(), 1)));
    }

    boolean isAlone() {
        return library.equals(PeerResult.ALONE);
    }
}
