package dev.tandem.testkit.vectors;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Region;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import java.util.Optional;

/// Makes tensors of a region out of those of a file, and empty ones for results.
final class Operands {
    private final VectorFile file;
    private final Backend backend;
    private final Region region;

    Operands(VectorFile file, Backend backend, Region region) {
        this.file = file;
        this.backend = backend;
        this.region = region;
    }

    /// An `F32` tensor of the file.
    Tensor floats(String name) {
        return floats(name, Role.ACTIVATION);
    }

    /// A weight of the file.
    Tensor weight(String name) {
        return floats(name, Role.WEIGHT);
    }

    Tensor floats(String name, Role role) {
        VectorTensor source = file.tensor(name);
        return floats(name, role, source.floats(), source.extents());
    }

    Tensor floats(String name, Role role, float[] values, int... extents) {
        Tensor tensor = region.floats(name, role, extents);
        backend.upload(tensor, values);
        return tensor;
    }

    /// An `I32` or `U8` tensor of the file.
    Tensor integers(String name) {
        VectorTensor source = file.tensor(name);
        return integers(name, source.integers(), source.extents());
    }

    Tensor integers(String name, int[] values, int... extents) {
        Tensor tensor = region.integers(name, extents);
        backend.upload(tensor, values);
        return tensor;
    }

    /// An `I32` or `U8` tensor that the file may lack.
    Optional<Tensor> integersIfAny(String name) {
        return file.has(name) ? Optional.of(integers(name)) : Optional.empty();
    }

    /// An `F32` tensor that the file may lack.
    Optional<Tensor> floatsIfAny(String name) {
        return file.has(name) ? Optional.of(floats(name)) : Optional.empty();
    }

    /// Room for an activation.
    Tensor empty(int... extents) {
        return region.floats("result", Role.ACTIVATION, extents);
    }

    /// Room for integers.
    Tensor emptyIntegers(int... extents) {
        return region.integers("result", extents);
    }

    /// Zeros like another tensor, in the same role.
    Tensor zerosLike(Tensor tensor) {
        int[] extents = new int[tensor.shape().rank()];
        for (int i = 0; i < extents.length; i++) {
            extents[i] = tensor.shape().extent(i);
        }
        return region.floats("d" + tensor.name(), tensor.storage().role(), extents);
    }
}
