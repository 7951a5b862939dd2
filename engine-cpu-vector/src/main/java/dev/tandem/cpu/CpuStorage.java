package dev.tandem.cpu;

import dev.tandem.engine.ElementType;
import dev.tandem.engine.Region;
import dev.tandem.engine.Role;
import dev.tandem.engine.Shape;
import dev.tandem.engine.Storage;
import dev.tandem.engine.Tensor;
import java.lang.foreign.Arena;
import java.util.Optional;

/// Off-heap memory of one tensor: row-major, or for weights in panels.
final class CpuStorage extends Storage {
    private final Arena arena;
    private final Optional<PanelLayout> layout;
    private final long address;
    private final long bytes;

    CpuStorage(Region region, String name, Role role, ElementType type, Shape shape, boolean hugePages) {
        super(region, name, role, type, shape);
        layout = layout(role, type, shape);
        bytes = bytes(role, type, shape);
        arena = Arena.ofShared();
        address = HugePages.allocate(arena, bytes, hugePages).address();
    }

    /// Bytes that a tensor takes, padding included.
    ///
    /// @throws ArithmeticException if they exceed a `long`
    static long bytes(Role role, ElementType type, Shape shape) {
        Optional<PanelLayout> layout = layout(role, type, shape);
        return layout.isPresent() ? layout.get().bytes() : type.bytes(shape);
    }

    private static Optional<PanelLayout> layout(Role role, ElementType type, Shape shape) {
        return role == Role.WEIGHT ? Optional.of(PanelLayout.of(type, shape)) : Optional.empty();
    }

    /// Address of a tensor's first element; a weight must consist of whole matrices of its allocation.
    ///
    /// @throws IllegalArgumentException if it does not
    static long address(Tensor tensor) {
        var storage = of(tensor);
        if (storage.layout.isEmpty()) {
            return storage.address + tensor.offset() * tensor.type().bytes();
        }
        PanelLayout panels = storage.layout.get();
        if (!storage.isWhole(tensor)) {
            throw new IllegalArgumentException(
                    "weight '%s': whole matrices [%d, %d] are needed here, was %s at element %d"
                            .formatted(tensor.name(), panels.out(), panels.in(), tensor.shape(), tensor.offset()));
        }
        return storage.address + panels.matrixOffset(tensor.offset());
    }

    /// The same of an operand that may be absent: 0 then.
    static long address(Optional<Tensor> tensor) {
        return tensor.isPresent() ? address(tensor.get()) : 0;
    }

    /// How a weight lies in memory.
    static PanelLayout layout(Tensor weight) {
        return of(weight).layout().orElseThrow();
    }

    /// Elements of a tensor as they lie in memory from its address on, padding included.
    static long spread(Tensor tensor) {
        var storage = of(tensor);
        long elements = tensor.shape().elements();
        if (storage.layout.isEmpty()) {
            return elements;
        }
        PanelLayout panels = storage.layout.get();
        long matrices = elements / ((long) panels.out() * panels.in());
        return matrices * (panels.matrixBytes() / Float.BYTES);
    }

    /// Whether a tensor can be seen as memory without gaps: row-major, or whole matrices.
    static boolean whole(Tensor tensor) {
        return of(tensor).isWhole(tensor);
    }

    static CpuStorage of(Tensor tensor) {
        if (tensor.storage() instanceof CpuStorage own) {
            return own;
        }
        throw new IllegalArgumentException(
                "%s: its storage is a %s, which backend cpu-vector did not allocate; use tensors of its own regions"
                        .formatted(tensor.name(), tensor.storage().getClass().getName()));
    }

    private boolean isWhole(Tensor tensor) {
        if (layout.isEmpty()) {
            return true;
        }
        long matrix = (long) layout.get().out() * layout.get().in();
        return tensor.offset() % matrix == 0 && tensor.shape().elements() % matrix == 0;
    }

    Optional<PanelLayout> layout() {
        return layout;
    }

    /// Address of the whole allocation.
    long address() {
        return address;
    }

    long bytes() {
        return bytes;
    }

    void free() {
        arena.close();
    }
}
