package dev.tandem.lab.training;

/// When models in training are measured: whenever their compute has grown by a constant ratio, so
/// that the points lie evenly on a logarithmic axis, and seldom enough to leave most of the time
/// to training.
final class EvaluationSchedule {
    private static final double FIRST = 1.0 / 40;
    private static final double CLOSEST_RATIO = 1.5;
    private static final double SHARE_OF_TIME = 0.25;
    /// Closer to the end than this the last measurement, of the finished models, will do.
    private static final double END = 1.15;

    private double ratio = CLOSEST_RATIO;
    private double seconds;
    private double next;

    /// Takes note of a measurement at `done` of `flops`.
    ///
    /// @param seconds it took
    /// @param secondsLeft until the run has to end, infinite if it need not
    void measured(double done, double flops, double seconds, double secondsLeft) {
        this.seconds = seconds;
        double affordable = Math.max(1, Math.floor(SHARE_OF_TIME * secondsLeft / seconds));
        ratio = Math.max(CLOSEST_RATIO, Math.pow(range(done, flops), 1 / affordable));
        next = done * ratio;
    }

    /// Seconds of one measurement.
    double seconds() {
        return seconds;
    }

    /// Compute at which the next one is due.
    double next(double flops) {
        return Math.max(next, flops * FIRST);
    }

    /// Whether it is due.
    boolean due(double done, double flops) {
        return done >= next(flops) && flops / done > END;
    }

    /// Seconds of all measurements still to come before the last.
    double secondsToCome(double done, double flops) {
        return Math.max(0, Math.floor(Math.log(range(done, flops)) / Math.log(ratio))) * seconds;
    }

    private static double range(double done, double flops) {
        return flops / Math.max(done, flops * FIRST);
    }
}
