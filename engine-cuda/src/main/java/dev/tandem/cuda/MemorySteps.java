package dev.tandem.cuda;

/// How generously memory is taken from an accelerator.
///
/// @param own bytes of which the size of the backend's own memory is a multiple
record MemorySteps(long own) {
    /// A GPU's: room to spare costs nothing next to asking often.
    static final MemorySteps GPU = new MemorySteps(1L << 20);
}
