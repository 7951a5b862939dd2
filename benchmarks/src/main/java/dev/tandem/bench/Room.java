package dev.tandem.bench;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Kernels;
import dev.tandem.engine.Region;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import java.util.ArrayList;
import java.util.List;

/// Where a [Problem] finds its operands: the same values on every backend, because each backend
/// draws them by the same counter-based generator. Results begin as random values too, so that no
/// kernel is timed on zeros.
public final class Room implements AutoCloseable {
    private static final long SEED = 2112_10684;

    private final Backend backend;
    private final Region region;
    private final List<Tensor> filled = new ArrayList<>();

    /// Opens a region of the backend.
    public Room(Backend backend) {
        this.backend = backend;
        this.region = backend.region("benchmark");
    }

    /// The backend's operations.
    public Kernels kernels() {
        return backend.kernels();
    }

    /// The backend itself.
    public Backend backend() {
        return backend;
    }

    /// The region that holds the operands.
    public Region region() {
        return region;
    }

    /// An activation of deviation 1.
    public Tensor activation(String name, int... extents) {
        return random(name, Role.ACTIVATION, 1, extents);
    }

    /// Parameters that are no matrix: deviation 0.1.
    public Tensor state(String name, int... extents) {
        return random(name, Role.STATE, 0.1, extents);
    }

    /// A matrix, or a stack of them, whose products with activations have deviation 1.
    public Tensor weight(String name, int... extents) {
        return random(name, Role.WEIGHT, 1 / Math.sqrt(extents[extents.length - 1]), extents);
    }

    /// Uniform values around 0 of a given deviation; normal ones would take seconds for many experts.
    public Tensor random(String name, Role role, double deviation, int... extents) {
        Tensor tensor = region.floats(name, role, extents);
        filled.add(tensor);
        float limit = (float) (deviation * Math.sqrt(3)); // a uniform value has deviation limit/√3
        kernels().fill().uniform(tensor, -limit, limit, SEED, filled.size());
        return tensor;
    }

    /// Given integers.
    public Tensor integers(String name, int[] values, int... extents) {
        Tensor tensor = region.integers(name, extents);
        backend.upload(tensor, values);
        return tensor;
    }

    /// Frees the operands.
    @Override
    public void close() {
        region.close();
    }
}
