package dev.tandem.cuda;

import dev.tandem.engine.ElementType;
import dev.tandem.engine.Region;
import dev.tandem.engine.Role;
import dev.tandem.engine.Shape;
import dev.tandem.engine.Storage;
import dev.tandem.engine.Tensor;

/// Device memory of one tensor, row-major whatever its role.
final class CudaStorage extends Storage {
    private final long address;

    CudaStorage(Region region, String name, Role role, ElementType type, Shape shape, long address) {
        super(region, name, role, type, shape);
        this.address = address;
    }

    /// Address of a tensor's first element; aligned to the element only, as a tensor may be a slice.
    static long address(Tensor tensor) {
        return ((CudaStorage) tensor.storage()).address
                + tensor.offset() * tensor.type().bytes();
    }
}
