package dev.tandem.bench.peer;

import dev.tandem.bench.machine.Cost;
import java.util.List;

/// Something to compute that Tandem and at least one other library can.
interface Question {
    /// What, as Tandem's own benchmarks call it: `Linear.forward`.
    String name();

    /// Its size, and where its weights are: `64x768x3072, weights from memory`.
    String details();

    /// Work that no way to the answer avoids.
    Cost cost();

    /// Terms of the longest sum behind an element of the answer.
    int terms();

    /// Who may answer, Tandem first.
    List<Entrant> entrants();

    /// `Linear.forward 64x768x3072, weights from memory`.
    default String title() {
        return name() + " " + details();
    }
}
