package dev.tandem.bench.machine;

/// The most that some threads of this machine get done together.
///
/// @param flops FLOP/s of multiply-adds in F32
/// @param readBytes bytes per second that can be read
/// @param copyBytes bytes per second that can be copied, each byte counted twice: read and written
/// @param writeBytes bytes per second that can be written
/// @param updateBytes bytes per second that can be updated in place, counted twice as well
/// @param handover seconds until one thread sees what another has written; 0 of one thread. Several times as long
///     where a virtual machine's processors share no cache, which may change from one minute to the next
public record Ceilings(
        double flops, double readBytes, double copyBytes, double writeBytes, double updateBytes, double handover) {
    /// The shortest time in which that work could be done: by arithmetic or by memory, whichever
    /// takes longer.
    public double seconds(Cost cost) {
        return Math.max(computeSeconds(cost), memorySeconds(cost));
    }

    /// Whether memory, not arithmetic, bounds that work.
    public boolean boundByMemory(Cost cost) {
        return memorySeconds(cost) > computeSeconds(cost);
    }

    private double computeSeconds(Cost cost) {
        return cost.flop() / flops;
    }

    // As much as is read and written is priced as a copy; the rest as reading or writing.
    private double memorySeconds(Cost cost) {
        double copied = Math.min(cost.read(), cost.written());
        return 2 * copied / copyBytes
                + (cost.read() - copied) / readBytes
                + (cost.written() - copied) / writeBytes
                + 2 * cost.updated() / updateBytes;
    }
}
