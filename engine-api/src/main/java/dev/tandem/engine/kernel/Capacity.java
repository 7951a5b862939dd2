package dev.tandem.engine.kernel;

/// How many slots an expert has. Whatever exceeds them is dropped, counted and reported.
public sealed interface Capacity {
    /// Slots per expert for N tokens, padding included, and E experts.
    int slots(int N, int E);

    /// `max(1, ⌊factor·⌈N/E⌉⌋)`; the paper trains with factor 2.
    ///
    /// @param factor positive
    record Training(double factor) implements Capacity {
        /// Refuses a factor that is not positive and finite.
        public Training {
            if (!(factor > 0) || Double.isInfinite(factor)) {
                throw new IllegalArgumentException("capacity factor must be positive, was " + factor);
            }
        }

        @Override
        public int slots(int N, int E) {
            return (int) Math.max(1, Math.min(Integer.MAX_VALUE, Math.floor(factor * Math.ceilDiv(N, E))));
        }
    }

    /// `⌈fraction·N⌉`: the paper's evaluation capacity.
    ///
    /// @param fraction in `(0, 1]`
    record Fraction(double fraction) implements Capacity {
        /// Refuses a fraction outside `(0, 1]`.
        public Fraction {
            if (!(fraction > 0 && fraction <= 1)) {
                throw new IllegalArgumentException("capacity fraction must be in (0, 1], was " + fraction);
            }
        }

        @Override
        public int slots(int N, int E) {
            return (int) Math.ceil(fraction * N);
        }
    }

    /// N slots: room for every token, nothing is ever dropped.
    record Dropless() implements Capacity {
        @Override
        public int slots(int N, int E) {
            return N;
        }
    }
}
