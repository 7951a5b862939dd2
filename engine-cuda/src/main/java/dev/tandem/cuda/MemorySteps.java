package dev.tandem.cuda;

/// How generously memory is taken from an accelerator.
///
/// @param own bytes of which the size of the backend's own memory is a multiple
/// @param shared bytes of a chunk that a region's small tensors share; 0: each tensor has its own memory
record MemorySteps(long own, long shared) {
    /// A GPU's: room to spare costs nothing next to asking often.
    static final MemorySteps GPU = new MemorySteps(1L << 20, 64L << 20);
}
