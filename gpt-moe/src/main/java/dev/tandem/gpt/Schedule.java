package dev.tandem.gpt;

/// Learning rate of every update: linear warm-up from 0, then linear decay to 0.
///
///     rate(n) = peak · n/w                     n ≤ w
///     rate(n) = peak · (1 − (n − w)/(U − w))   n > w
///
/// `n` counts updates from 0, so with a warm-up the very first update changes nothing.
/// Source: the paper, section 3.
///
/// @param peak highest rate, dimensionless, above 0
/// @param warmup updates `w` until the peak, 0 to `updates`
/// @param updates all updates `U`, at least 1
public record Schedule(double peak, long warmup, long updates) {
    public Schedule {
        if (!(peak > 0) || Double.isInfinite(peak)) {
            throw new IllegalArgumentException("peak learning rate must be finite and above 0, was " + peak);
        }
        if (updates < 1 || warmup < 0 || warmup > updates) {
            throw new IllegalArgumentException("a schedule needs 0 <= warmup <= updates and updates >= 1, was warmup="
                    + warmup + " updates=" + updates);
        }
    }

    /// Rate of update `n`, counted from 0; 0 from update `updates` on.
    ///
    /// @throws IllegalArgumentException if `n` is negative
    public double rate(long n) {
        if (n < 0) {
            throw new IllegalArgumentException("update must be at least 0, was " + n);
        }
        if (n >= updates) {
            return 0;
        }
        if (n < warmup || warmup == updates) {
            return peak * n / warmup;
        }
        return peak * (1 - (double) (n - warmup) / (updates - warmup));
    }
}
