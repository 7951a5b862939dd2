package dev.tandem.lab.training;

import dev.tandem.gpt.GateReport;
import dev.tandem.lab.report.LayerLoad;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.LongStream;

/// Sums what gates reported over several updates.
final class ExpertLoads {
    private static final class Sums {
        private final long[] queued;
        private long dropped;

        Sums(int E) {
            queued = new long[E];
        }
    }

    private final Map<Integer, Sums> blocks = new TreeMap<>();

    void add(List<GateReport> gates) {
        for (var gate : gates) {
            var sums = blocks.computeIfAbsent(gate.block(), _ -> new Sums(gate.E()));
            for (int k = 0; k < gate.K(); k++) {
                for (int e = 0; e < gate.E(); e++) {
                    sums.queued[e] += gate.queued(k, e);
                }
            }
            sums.dropped += gate.dropped();
        }
    }

    void clear() {
        blocks.clear();
    }

    List<LayerLoad> layers() {
        var layers = new ArrayList<LayerLoad>();
        blocks.forEach((block, sums) -> {
            double all = Math.max(1, LongStream.of(sums.queued).sum());
            layers.add(new LayerLoad(
                    block,
                    LongStream.of(sums.queued).mapToObj(queued -> queued / all).toList(),
                    sums.dropped / all));
        });
        return layers;
    }
}
