package dev.tandem.gpt;

import dev.tandem.engine.Backend;
import java.util.ArrayList;
import java.util.List;

/// Downloads the gates' statistics; summed over micro-batches, means weighted by scored targets.
final class GateReports {
    private GateReports() {}

    /// @param shares of the micro-batches in the update, summing to 1
    static List<GateReport> download(Backend backend, Network network, double[] shares) {
        Plan plan = network.plan();
        int gates = plan.config().expertBlocks();
        if (!(plan.config().feedForward() instanceof FeedForward.Experts experts) || gates == 0) {
            return List.of();
        }
        int[] queued = backend.integers(network.tensor("load.queued"));
        int[] dropped = backend.integers(network.tensor("load.dropped"));
        float[] entropy = backend.floats(network.tensor("load.entropy"));
        float[] balance = backend.floats(network.tensor("balanceLoss"));
        int K = plan.gate().K();
        var reports = new ArrayList<GateReport>();
        for (int gate = 0; gate < gates; gate++) {
            double meanBalance = 0;
            double meanEntropy = 0;
            var allQueued = new long[K][experts.E()];
            var allDropped = new long[K][experts.E()];
            for (int micro = 0; micro < shares.length; micro++) {
                int entry = micro * gates + gate;
                meanBalance += shares[micro] * balance[entry];
                meanEntropy += shares[micro] * entropy[entry];
                add(allQueued, queued, entry);
                add(allDropped, dropped, entry);
            }
            int block = (gate + 1) * experts.every() - 1;
            reports.add(new GateReport(block, meanBalance, meanEntropy, allQueued, allDropped));
        }
        return reports;
    }

    private static void add(long[][] sums, int[] counts, int entry) {
        int K = sums.length;
        int E = sums[0].length;
        for (int k = 0; k < K; k++) {
            for (int e = 0; e < E; e++) {
                sums[k][e] += counts[(entry * K + k) * E + e];
            }
        }
    }
}
