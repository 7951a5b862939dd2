package dev.tandem.lab.report;

import java.util.List;

/// How evenly the gate of one block used its experts while training.
///
/// @param block index of the block, from 0
/// @param share of all choices that queued at each expert, before dropping; sums to 1
/// @param dropped share of all choices that found no slot
public record LayerLoad(int block, List<Double> share, double dropped) {
    public LayerLoad {
        share = List.copyOf(share);
    }

    /// Share of the busiest expert in units of an even share: 1 is even.
    public double busiest() {
        return share.stream().mapToDouble(x -> x).max().orElse(0) * share.size();
    }

    /// Share of the idlest expert in units of an even share: 0 is unused.
    public double idlest() {
        return share.stream().mapToDouble(x -> x).min().orElse(0) * share.size();
    }
}
