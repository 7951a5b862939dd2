package dev.tandem.testkit.contract;

import dev.tandem.engine.kernel.Capacity;
import dev.tandem.engine.kernel.GateOptions;
import dev.tandem.engine.kernel.SecondPolicy;
import dev.tandem.testkit.Cases;
import java.util.ArrayList;
import java.util.List;

/// Expert layers, those of [Cases#EXPERTS] if no others are named, each with padded rows that drop, and with
/// compact ones that do not.
final class ExpertTrials {
    private ExpertTrials() {}

    /// One trial for a layer and its routing.
    interface Use {
        void run(Workbench on, Cases.Experts sizes, HostRouting routing);
    }

    static List<Trial> of(Use use) {
        return of(Cases.EXPERTS, use);
    }

    static List<Trial> of(List<Cases.Experts> layers, Use use) {
        List<Trial> trials = new ArrayList<>();
        for (Cases.Experts sizes : layers) {
            for (boolean compact : new boolean[] {false, true}) {
                Capacity capacity = compact ? new Capacity.Dropless() : new Capacity.Training(1.25);
                var options = new GateOptions(sizes.K(), SecondPolicy.ALL, false, false, capacity, compact);
                HostRouting routing = HostRouting.of(sizes.N(), sizes.E(), options, sizes.hashCode());
                trials.add(Trial.of((compact ? "compact " : "padded ") + sizes, on -> use.run(on, sizes, routing)));
            }
        }
        return trials;
    }
}
