package dev.tandem.engine;

import java.lang.foreign.MemorySegment;
import java.util.List;
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

    /// The types that tensors may have, each with every kernel that allows it: never [ElementType#Q8],
    /// which nothing computes in. In other types there are weights alone, see [#weightTypes].
    default Set<ElementType> types() {
        return Set.of(ElementType.F32, ElementType.I32);
    }

    /// The types of fewer bytes that a WEIGHT may have beside activations of F32, in the forward products
    /// alone: [dev.tandem.engine.kernel.Linear], [dev.tandem.engine.kernel.ExpertLinear] and
    /// [dev.tandem.engine.kernel.ExpertFeedForward]. Weights may be allocated in them whether
    /// [#types] has them or not.
    default Set<ElementType> weightTypes() {
        return Set.of();
    }

    /// Hears which tensors will be allocated in a region next, in their order, all of types that it
    /// may be asked for. One that gains nothing from it does nothing.
    ///
    /// @throws OutOfDeviceMemory if there is no room; nothing was reserved then
    default void reserve(Region region, List<PlannedTensor> tensors) {}

    /// Allocates memory, filled with zeros.
    ///
    /// @throws OutOfDeviceMemory if there is no room
    Storage allocate(Region region, String name, Role role, ElementType type, Shape shape);

    /// Returns memory; never called twice for one storage.
    void free(Storage storage);

    /// What runs the steps that a region repeats; asked for once for each kind of step. The backend runs
    /// one step at a time, and none of a closed region.
    default RepeatedStep repeated(Region region) {
        return Runnable::run;
    }

    /// Lets go of all else that is held for a region. The backend has closed it and freed its storages.
    default void release(Region region) {}

    /// Copies dense row-major host elements, in native byte order, into a tensor.
    void upload(Tensor target, MemorySegment source);

    /// Copies a tensor into dense row-major host elements, in native byte order; waits for work
    /// in progress.
    void download(MemorySegment target, Tensor source);

    /// Waits until everything enqueued is done.
    void synchronize();

    /// Waits as [#synchronize] does, before memory is given back. On a device that failed for good, and has said
    /// so, it does nothing: who closes what is left of it has heard the failure.
    default void settle() {
        synchronize();
    }

    /// Memory in use and free.
    MemoryUsage memoryUsage();

    /// Releases threads and memory. The backend has closed all regions before.
    @Override
    void close();
}
