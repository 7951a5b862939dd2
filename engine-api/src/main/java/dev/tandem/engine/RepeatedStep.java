package dev.tandem.engine;

/// Runs a step that is repeated with almost the same kernels and operands, such as one more token of a
/// text. Obtained from [Region#repeated], gone with its region.
///
/// Whatever a step calls does what it does anywhere else. But a device may keep the kernels back and
/// hand them over together, and what a step shares with the one before may then cost the processor
/// nothing: best is one whose kernels, operands and sizes stay the same. Uploads, downloads,
/// allocations and [Backend#synchronize] are allowed in it; kernels before them are handed over first.
@FunctionalInterface
public interface RepeatedStep {
    /// Runs the step. Where it throws, some of its kernels may never run, and what they would have written
    /// is unspecified. Other threads that use the backend wait until it returns.
    ///
    /// @throws IllegalStateException if the region is closed, or the backend runs a step already
    void run(Runnable step);
}
