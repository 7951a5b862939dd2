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
        Shape shape = Shape.of(extents);
        if (role == Role.WEIGHT && (shape.rank() < 2 || shape.rank() > 3)) {
            throw new IllegalArgumentException(
                    "weight '%s' must be [out, in] or [E, out, in], was %s".formatted(tensorName, shape));
        }
        if (role == Role.WEIGHT && type == ElementType.I32) {
            throw new IllegalArgumentException("weight '%s' must have a floating type, was I32".formatted(tensorName));
        }
        return backend.allocate(this, tensorName, role, type, shape);
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
