package dev.tandem.cuda;

/// Divides one piece of scratch among the arrays of a call: add them all, ask the queue for
/// [#bytes], then find each one at its offset.
final class ScratchPlan {
    private static final long ALIGNMENT = 256;

    private long bytes;

    /// Room for an array.
    ///
    /// @return its offset
    long add(long elements, int elementBytes) {
        long offset = bytes;
        bytes += Math.ceilDiv(elements * elementBytes, ALIGNMENT) * ALIGNMENT;
        return offset;
    }

    /// All arrays together.
    long bytes() {
        return bytes;
    }
}
