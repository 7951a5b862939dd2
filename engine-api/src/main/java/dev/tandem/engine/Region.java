package dev.tandem.engine;

import java.util.ArrayList;
import java.util.List;

/// Owns tensors and frees them together. Obtained from [Backend#region].
///
/// Not thread-safe while allocating. Closing waits for the kernel that is running; closing twice
/// is harmless.
public final class Region implements AutoCloseable {
    private final Backend backend;
    private final String name;
    private final List<Storage> storages = new ArrayList<>();
    private volatile boolean open = true;

    Region(Backend backend, String name) {
        this.backend = backend;
        this.name = name;
    }

    /// Allocates a tensor of zeros.
    ///
    /// @param tensorName for error messages and memory reports
    /// @throws OutOfDeviceMemory if the device has no room; nothing was allocated then
    /// @throws IllegalArgumentException if the device does not offer the type, or a weight
    ///     has neither two nor three dimensions
    /// @throws IllegalStateException if this region or its backend is closed
    public Tensor allocate(String tensorName, Role role, ElementType type, int... extents) {
        return allocate(new PlannedTensor(tensorName, role, type, Shape.of(extents)));
    }

    /// Allocates a tensor of zeros, as the other method of this name.
    public Tensor allocate(PlannedTensor tensor) {
        return backend.allocate(this, tensor);
    }

    /// Tells which tensors will be allocated here next, so that a device can take the memory of all of them
    /// at once, or refuse it before there is any.
    ///
    /// They are then to be allocated in this order. Others may come between them, and all that nobody told
    /// of is allocated as ever; memory of tensors that do not come stays taken until the region closes. May
    /// be called again for tensors behind these.
    ///
    /// @throws OutOfDeviceMemory if the device knows already that there is no room; the region is as before
    /// @throws IllegalArgumentException if the device does not offer a type
    /// @throws IllegalStateException if this region or its backend is closed
    public void reserve(List<PlannedTensor> tensors) {
        backend.reserve(this, tensors);
    }

    /// Something that runs steps which are repeated with almost the same kernels and operands. It belongs
    /// to this region.
    ///
    /// @throws IllegalStateException if this region or its backend is closed
    public RepeatedStep repeated() {
        return backend.repeated(this);
    }

    /// Allocates an `F32` tensor of zeros.
    public Tensor floats(String tensorName, Role role, int... extents) {
        return allocate(tensorName, role, ElementType.F32, extents);
    }

    /// Allocates an `I32` tensor of zeros for one step.
    public Tensor integers(String tensorName, int... extents) {
        return allocate(tensorName, Role.ACTIVATION, ElementType.I32, extents);
    }

    /// The backend whose memory this is.
    public Backend backend() {
        return backend;
    }

    /// The name given to [Backend#region].
    public String name() {
        return name;
    }

    /// Whether the tensors of this region may be used.
    public boolean isOpen() {
        return open;
    }

    /// Frees every tensor of this region.
    @Override
    public void close() {
        backend.close(this);
    }

    void add(Storage storage) {
        storages.add(storage);
    }

    /// Marks the region closed and hands over what there is to free.
    List<Storage> seal() {
        open = false;
        var owned = List.copyOf(storages);
        storages.clear();
        return owned;
    }
}
