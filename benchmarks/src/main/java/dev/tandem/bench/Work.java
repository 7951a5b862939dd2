package dev.tandem.bench;

import dev.tandem.bench.machine.Cost;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/// Counts work, which JMH reports per second beside the calls.
@AuxCounters(AuxCounters.Type.OPERATIONS)
@State(Scope.Thread)
public class Work {
    /// Floating-point operations.
    public long flop;

    /// Bytes only read.
    public long read;

    /// Bytes only written.
    public long written;

    /// Bytes updated in place.
    public long updated;

    /// Bytes that repeated calls go through.
    public long footprint;

    /// Called by JMH.
    public Work() {}

    /// Counts one call.
    public void add(Cost cost) {
        flop += (long) cost.flop();
        read += (long) cost.read();
        written += (long) cost.written();
        updated += (long) cost.updated();
        footprint += (long) cost.footprint();
    }
}
