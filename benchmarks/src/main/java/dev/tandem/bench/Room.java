package dev.tandem.bench;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Kernels;
import dev.tandem.engine.Region;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.FeedForwardWeights;
import dev.tandem.gpt.Precision;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// Where a [Problem] finds its operands: the same values on every backend, because each backend
/// draws them by the same counter-based generator. Results begin as random values too, so that no
/// kernel is timed on zeros.
public final class Room implements AutoCloseable {
    private static final long SEED = 2112_10684;

    private final Backend backend;
    private final Precision precision;
    private final Region region;
    private final List<Tensor> filled = new ArrayList<>();

    /// Opens a region of the backend, for operands of F32.
    public Room(Backend backend) {
        this(backend, Precision.F32);
    }

    /// Opens a region of the backend.
    ///
    /// @throws IllegalArgumentException if it does not compute in that precision
    public Room(Backend backend, Precision precision) {
        precision.demandOf(backend);
        this.backend = backend;
        this.precision = precision;
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

    /// What activations and working weights are stored in.
    public Precision precision() {
        return precision;
    }

    /// An activation of deviation 1.
    public Tensor activation(String name, int... extents) {
        return random(name, Role.ACTIVATION, precision.type(), 1, extents);
    }

    /// The same, F32 in any precision: logits, losses, statistics.
    public Tensor floats(String name, int... extents) {
        return random(name, Role.ACTIVATION, ElementType.F32, 1, extents);
    }

    /// Parameters that are no matrix: deviation 0.1.
    public Tensor state(String name, int... extents) {
        return random(name, Role.STATE, ElementType.F32, 0.1, extents);
    }

    /// A matrix, or a stack of them, whose products with activations have deviation 1.
    public Tensor weight(String name, int... extents) {
        return matrix(name, precision.type(), extents);
    }

    /// The same, F32 in any precision: gradients, masters and moments.
    public Tensor gradient(String name, int... extents) {
        return matrix(name, ElementType.F32, extents);
    }

    /// A matrix in a type of its own, as often as it takes to fill some bytes.
    public List<Tensor> copies(String name, ElementType type, long bytes, int... extents) {
        Tensor values = gradient(name, extents);
        long each = type.bytes(values.shape());
        var copies = new ArrayList<Tensor>();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment host = arena.allocate(each);
            do {
                Tensor copy = region.allocate(name, Role.WEIGHT, type, extents);
                if (copies.isEmpty()) {
                    backend.upload(copy, backend.floats(values));
                    backend.download(host, copy);
                } else {
                    backend.upload(copy, host);
                }
                copies.add(copy);
            } while (copies.size() * each < bytes);
        }
        return List.copyOf(copies);
    }

    /// Weights of E experts.
    public FeedForwardWeights experts(int C, int F, int E) {
        return new FeedForwardWeights(
                weight("up", E, F, C), state("upBias", E, F), weight("down", E, C, F), state("downBias", E, C));
    }

    /// Their gradients.
    public FeedForwardWeights expertGradients(int C, int F, int E) {
        return new FeedForwardWeights(
                gradient("dUp", E, F, C), state("dUpBias", E, F), gradient("dDown", E, C, F), state("dDownBias", E, C));
    }

    private Tensor matrix(String name, ElementType type, int... extents) {
        return random(name, Role.WEIGHT, type, 1 / Math.sqrt(extents[extents.length - 1]), extents);
    }

    /// Uniform values around 0 of a given deviation; normal ones would take seconds for many experts.
    private Tensor random(String name, Role role, ElementType type, double deviation, int... extents) {
        Tensor tensor = region.allocate(name, role, type, extents);
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
