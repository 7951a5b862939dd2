package dev.tandem.lab.training;

/// How long a comparison may train.
public sealed interface Budget {
    /// Wall time of the whole comparison; how much compute fits is measured.
    ///
    /// @param seconds from the moment the comparison begins
    record Time(double seconds) implements Budget {
        public Time {
            if (!(seconds > 0) || Double.isInfinite(seconds)) {
                throw new IllegalArgumentException("seconds must be finite and above 0, was " + seconds);
            }
        }
    }

    /// Training FLOPs per model, however long they take: the same on every machine.
    ///
    /// @param flops by the paper's formula, without recomputation
    record Compute(double flops) implements Budget {
        public Compute {
            if (!(flops > 0) || Double.isInfinite(flops)) {
                throw new IllegalArgumentException("flops must be finite and above 0, was " + flops);
            }
        }
    }
}
