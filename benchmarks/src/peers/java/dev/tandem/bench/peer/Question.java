package dev.tandem.bench.peer;

import dev.tandem.bench.machine.CeilingProbe;
import dev.tandem.bench.machine.Cost;
import java.util.ArrayList;
import java.util.List;

/// Something to compute that Tandem and at least one other library can.
interface Question {
    /// FLOPs that a processor does in the time of a byte from memory, at most: 6 to 10 of those measured.
    double BALANCE = 10;

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

    /// Who may answer in a setting: behind Tandem also Tandem on one thread, where several compute and multiply-adds
    /// bound them, not memory.
    default List<Entrant> entrants(Setting setting) {
        var entrants = new ArrayList<>(entrants());
        if (setting.threads() > 1 && CeilingProbe.measures(setting.backend()) && cost().intensity() > BALANCE) {
            entrants.add(1, entrants.getFirst().alone());
        }
        return entrants;
    }

    /// `Linear.forward 64x768x3072, weights from memory`.
    default String title() {
        return name() + " " + details();
    }
}
