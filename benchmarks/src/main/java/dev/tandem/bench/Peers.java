package dev.tandem.bench;

import dev.tandem.bench.report.PeerResult;
import dev.tandem.engine.Backend;
import java.util.List;

/// Libraries that are asked the same questions as a backend, in the same rounds. Only a build with
/// the Maven profile `peers` holds any.
public interface Peers {
    /// Told how it goes.
    interface Listener {
        /// A library has answered a question.
        void answered(PeerResult result);

        /// A library cannot be loaded here.
        void absent(String library, String reason);
    }

    /// Asks all of them.
    ///
    /// @param backend that they are compared with
    /// @param threads that each may use
    /// @param quick whether one question is enough
    /// @param listener told of every result as soon as it is there
    /// @throws IllegalStateException if a peer computes something else than the backend
    List<PeerResult> compare(Backend backend, int threads, boolean quick, Listener listener);
}
