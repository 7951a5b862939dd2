package dev.tandem.engine;

import java.lang.foreign.MemorySegment;
import java.util.Set;

/// What a backend implements; users see it as a [Backend], which validates operands, guards
/// lifetimes and serializes calls before anything arrives here.
///
/// Every call comes from one thread at a time, with operands that agree with the kernels' tables
/// and belong to open regions of this device. What cannot be seen from shapes – token ids,
/// targets, expert numbers, slots – a kernel verifies itself before it computes an address from
/// it.
public interface Device extends AutoCloseable {
    /// The provider's name.
    String name();

    /// One line: processor, width, threads.
    String description();

    /// The operations.
    Kernels kernels();

    /// The types that tensors may have, each with every kernel that allows it. Nothing is allocated
    /// in any other.
    default Set<ElementType> types() {
        return Set.of(ElementType.F32, ElementType.I32);
    }

    /// Allocates memory, filled with zeros.
    ///
    /// @throws OutOfDeviceMemory if there is no room
    Storage allocate(Region region, String name, Role role, ElementType type, Shape shape);

    /// Returns memory; never called twice for one storage.
    void free(Storage storage);

    /// Copies dense row-major host elements, in native byte order, into a tensor.
    void upload(Tensor target, MemorySegment source);

    /// Copies a tensor into dense row-major host elements, in native byte order; waits for work
    /// in progress.
    void download(MemorySegment target, Tensor source);

    /// Waits until everything enqueued is done.
    void synchronize();

    /// Memory in use and free.
    MemoryUsage memoryUsage();

    /// Releases threads and memory. The backend has closed all regions before.
    @Override
    void close();
}
