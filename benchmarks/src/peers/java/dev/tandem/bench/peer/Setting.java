package dev.tandem.bench.peer;

import dev.tandem.bench.machine.CeilingProbe;

/// What a contestant has to keep to.
///
/// @param backend of Tandem, by name
/// @param threads that may compute
record Setting(String backend, int threads) {
    /// Whether several threads of this machine's processors compute.
    boolean scales() {
        return threads > 1 && CeilingProbe.measures(backend);
    }
}
