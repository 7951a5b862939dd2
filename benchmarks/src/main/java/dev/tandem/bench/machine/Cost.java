package dev.tandem.bench.machine;

import dev.tandem.engine.Tensor;
import java.util.List;

/// The work of one call that no implementation can avoid.
///
/// @param flop floating-point operations; a multiply-add counts as two
/// @param read bytes of operands that are read, each once
/// @param written bytes of operands that are written, each once
public record Cost(double flop, double read, double written) {
    /// Refuses what is no amount of work.
    public Cost {
        if (!(flop >= 0 && read >= 0 && written >= 0)) {
            throw new IllegalArgumentException(
                    "flop, read and written must be at least 0, were %s, %s and %s".formatted(flop, read, written));
        }
    }

    /// Tensors that are read and written whole, each once.
    public static Cost of(double flop, List<Tensor> read, List<Tensor> written) {
        return new Cost(flop, bytes(read), bytes(written));
    }

    private static double bytes(List<Tensor> tensors) {
        double bytes = 0;
        for (Tensor tensor : tensors) {
            bytes += (double) tensor.shape().elements() * tensor.type().bytes();
        }
        return bytes;
    }

    /// Bytes read and written together.
    public double bytes() {
        return read + written;
    }

    /// Both, one after the other.
    public Cost plus(Cost other) {
        return new Cost(flop + other.flop, read + other.read, written + other.written);
    }
}
