package dev.tandem.cuda;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.OptionalLong;

/// What the backend needs from whatever runs its kernels: memory, one in-order queue, kernels by
/// name.
///
/// Everything but [#download] and [#synchronize] may return before it is done; work runs in call
/// order. [CudaDriver] is a GPU. The tests have a second one, which runs the same kernel sources on
/// the processor.
interface Accelerator extends AutoCloseable {
    /// A kernel that is ready to run.
    interface Entry {
        /// Enqueues a run. The arguments are copied before this returns.
        void launch(Grid grid, MemorySegment arguments);
    }

    /// Kernels in a row that are enqueued by one call, each after the one before.
    interface Graph {
        /// Changes one of them in what is launched from now on. The arguments are copied before this
        /// returns.
        void update(int node, Grid grid, MemorySegment arguments);

        /// Enqueues a run of all.
        void launch();

        /// Lets go of it when all runs enqueued before are done.
        void free();
    }

    /// Makes graphs.
    interface Graphs {
        /// One that runs these, at least one, of this accelerator's entries. What it needs of the list is
        /// copied before this returns.
        Graph of(Launches launches);
    }

    /// Empty where every kernel is to be launched by itself.
    Optional<Graphs> graphs();

    /// One line: model, architecture, memory.
    String description();

    /// Finds a kernel.
    ///
    /// @param source its file, such as `add.cu`
    /// @param kernel its name in there
    /// @param layout what the backend will pass it
    /// @throws dev.tandem.engine.EngineException if it is not there or wants other arguments
    Entry entry(String source, String kernel, ArgumentLayout<?> layout);

    /// Address of new memory, a multiple of 256, contents unspecified; empty if there is no room.
    OptionalLong allocate(long bytes);

    /// Returns memory when all work enqueued before is done.
    void free(long address);

    /// Fills memory with zeros.
    void clear(long address, long bytes);

    /// Copies host memory, which may change as soon as this returns.
    void upload(long target, MemorySegment source);

    /// Copies into host memory; waits for everything before.
    void download(MemorySegment target, long source);

    /// Whether a step runs that is repeated, which becomes a graph where there are graphs.
    default boolean repeating() {
        return false;
    }

    /// A library of matrix products for this queue, if there is one.
    default Optional<MatmulSetup> matmuls() {
        return Optional.empty();
    }

    /// Waits until everything enqueued is done.
    ///
    /// @throws dev.tandem.engine.DeviceException if a kernel failed
    void synchronize();

    /// Whether a failure was raised after which nothing can run any more.
    default boolean isDead() {
        return false;
    }

    /// Bytes that could still be allocated.
    long freeBytes();

    /// Gives everything back, memory that was not freed included.
    @Override
    void close();
}
