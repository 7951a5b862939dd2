package dev.tandem.cuda;

import java.lang.foreign.MemorySegment;

/// One kernel of a `.cu` file with the record that mirrors its arguments. Launching allocates
/// nothing but that record.
///
/// @param <A> the arguments
final class CudaKernel<A extends Record> {
    private final Accelerator.Entry entry;
    private final ArgumentLayout<A> layout;
    private final MemorySegment block;

    CudaKernel(Accelerator.Entry entry, ArgumentLayout<A> layout, MemorySegment block) {
        this.entry = entry;
        this.layout = layout;
        this.block = block;
    }

    /// Enqueues a run.
    void launch(Grid grid, A arguments) {
        layout.write(block, arguments);
        entry.launch(grid, block);
    }
}
