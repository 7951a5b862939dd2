package dev.tandem.bench;

import dev.tandem.bench.report.PeerResult;

/// Libraries that are asked the same questions as a backend, in the same rounds. Only a build with
/// the Maven profile `peers` holds any.
public interface Peers {
    /// What is asked.
    ///
    /// @param backend that they are compared with, by name
    /// @param threads that each may use; 0 asks everything on one, then on one per processor
    /// @param only part of the titles of what is asked; empty for all
    /// @param quick whether one question of each kind is enough
    record Request(String backend, int threads, String only, boolean quick) {
        /// Whether `only` is part of a title, in capitals or not.
        public boolean names(String title) {
            return Plan.part(only, title);
        }
    }

    /// Told how it goes.
    interface Listener {
        /// A question is put now; all that are left take so many seconds.
        void begins(String question, double secondsLeft);

        /// A library is there, in that version.
        void loaded(String library, String version);

        /// A library cannot be loaded here, or cannot answer this question.
        void absent(String library, String reason);

        /// A library has answered a question.
        void answered(PeerResult result);

        /// A question has no answer, or a library computes something else than the backend.
        void failed(String question, String reason);
    }

    /// What is to be expected of [#compare].
    double seconds(Request request);

    /// Asks all of them.
    void compare(Request request, Listener listener);
}
