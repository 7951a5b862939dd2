package dev.tandem.lab.training;

/// Fits the training compute into the wall time: both models shall end their schedules when the
/// time is over, also when the machine turns out faster or slower than calibration said.
///
///     flops = done + (time left − evaluations left) / seconds per FLOP
///
/// During the first half the plan follows the measured speed; later it is only ever cut, and only
/// if it is late by more than 3 %, so that the learning rate falls smoothly.
final class Pace {
    private static final double LATE = 1.03;
    private static final double FREE = 0.5;
    private static final double MEMORY = 0.2;
    private final double least;
    private double flops;
    private double secondsPerFlop;

    /// @param flops planned per model
    /// @param secondsPerFlop seconds in which every model does one FLOP, one after the other
    /// @param least FLOPs per model that are done even if there is no time for them
    Pace(double flops, double secondsPerFlop, double least) {
        this.least = least;
        this.flops = Math.max(flops, least);
        this.secondsPerFlop = secondsPerFlop;
    }

    double flops() {
        return flops;
    }

    double secondsPerFlop() {
        return secondsPerFlop;
    }

    /// Takes note of a piece of training.
    ///
    /// @param pieceFlops done by each model in it
    /// @param pieceSeconds it took all models together
    void measured(double pieceFlops, double pieceSeconds) {
        secondsPerFlop += MEMORY * (pieceSeconds / pieceFlops - secondsPerFlop);
    }

    /// Adjusts the plan.
    ///
    /// @param done FLOPs done by each model
    /// @param secondsLeft for training
    void replan(double done, double secondsLeft) {
        double possible = done + Math.max(0, secondsLeft) / secondsPerFlop;
        boolean early = done < FREE * flops;
        boolean late = (flops - done) * secondsPerFlop > LATE * secondsLeft;
        if (early || late) {
            flops = Math.max(least, Math.max(possible, done));
        }
    }
}
