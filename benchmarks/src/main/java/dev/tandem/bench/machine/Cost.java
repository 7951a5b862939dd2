package dev.tandem.bench.machine;

import dev.tandem.engine.Tensor;
import java.util.ArrayList;
import java.util.List;

/// The work of one call that no implementation can avoid.
///
/// @param flop floating-point operations; a multiply-add counts as two
/// @param read bytes of operands that are only read, each once
/// @param written bytes of operands that are only written, each once
/// @param updated bytes of operands that are read and written in place, each once
/// @param footprint bytes of memory that repeated calls go through, at least those that one touches
public record Cost(double flop, double read, double written, double updated, double footprint) {
    /// Refuses what is no amount of work.
    public Cost {
        if (!(flop >= 0 && read >= 0 && written >= 0 && updated >= 0 && footprint >= 0)) {
            throw new IllegalArgumentException(
                    "flop, read, written, updated and footprint must be at least 0, were %s, %s, %s, %s and %s"
                            .formatted(flop, read, written, updated, footprint));
        }
    }

    /// Work of calls that all touch the same memory.
    public Cost(double flop, double read, double written, double updated) {
        this(flop, read, written, updated, read + written + updated);
    }

    /// Tensors that are read and written whole, each once; those in both lists are updated in
    /// place.
    public static Cost of(double flop, List<Tensor> read, List<Tensor> written) {
        var updated = new ArrayList<>(read);
        updated.retainAll(written);
        double both = bytes(updated);
        return new Cost(flop, bytes(read) - both, bytes(written) - both, both);
    }

    private static double bytes(List<Tensor> tensors) {
        double bytes = 0;
        for (Tensor tensor : tensors) {
            bytes += tensor.type().bytes(tensor.shape());
        }
        return bytes;
    }

    /// Bytes that move: read and written together, those updated in place in both directions.
    public double bytes() {
        return read + written + 2 * updated;
    }

    /// The same work of calls that go through that much memory, one after the other.
    public Cost over(double bytes) {
        return new Cost(flop, read, written, updated, Math.max(footprint, bytes));
    }

    /// Both, one after the other.
    public Cost plus(Cost other) {
        return new Cost(
                flop + other.flop,
                read + other.read,
                written + other.written,
                updated + other.updated,
                footprint + other.footprint);
    }
}
