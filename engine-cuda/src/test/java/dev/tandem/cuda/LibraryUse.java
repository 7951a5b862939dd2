package dev.tandem.cuda;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Region;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;

/// A dense layer, forward and the gradient of its weight, on a backend.
final class LibraryUse implements AutoCloseable {
    static final int N = 24;
    static final int IN = 16;
    static final int OUT = 32;

    final CountingAccelerator calls;
    private final Backend backend;
    private final Region region;
    private final Tensor x;
    private final Tensor weight;
    private final Tensor bias;
    private final Tensor y;
    private final Tensor dWeight;

    LibraryUse(Accelerator accelerator) {
        calls = new CountingAccelerator(accelerator);
        backend = Backend.of(new CudaDevice(calls, ShimBackend.EXACTLY));
        region = backend.region("use");
        x = tensor("x", Role.ACTIVATION, N, IN);
        weight = tensor("weight", Role.WEIGHT, OUT, IN);
        bias = tensor("bias", Role.STATE, OUT);
        y = region.floats("y", Role.ACTIVATION, N, OUT);
        dWeight = region.floats("dWeight", Role.WEIGHT, OUT, IN);
    }

    static LibraryUse of(MatmulSetup setup) {
        ShimBackend.demandCompiler();
        return new LibraryUse(new HostShim(Schedule.FORWARD, setup));
    }

    /// By our own products.
    static LibraryUse own() {
        return new LibraryUse(ShimBackend.shim(Schedule.FORWARD));
    }

    private Tensor tensor(String name, Role role, int... extents) {
        Tensor tensor = region.floats(name, role, extents);
        var random = new SplittableRandom(name.hashCode());
        float[] values = new float[Math.toIntExact(tensor.shape().elements())];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        backend.upload(tensor, values);
        return tensor;
    }

    Backend backend() {
        return backend;
    }

    void zeroX() {
        backend.kernels().fill().constant(x, 0);
    }

    /// `x·weightᵀ + bias`.
    float[] forward() {
        enqueueForward();
        return backend.floats(y);
    }

    void enqueueForward() {
        backend.kernels().linear().forward(y, x, weight, Optional.of(bias));
    }

    /// The same in a step that becomes a graph.
    void forwardRepeated() {
        region.repeated().run(this::enqueueForward);
    }

    /// The same in BF16, and the calls of that step.
    Map<String, Integer> forwardBf16Repeated() {
        try (Region halves = backend.region("halves")) {
            Tensor shortX = halves.allocate("x", Role.ACTIVATION, ElementType.BF16, N, IN);
            Tensor shortWeight = halves.allocate("weight", Role.WEIGHT, ElementType.BF16, OUT, IN);
            Tensor shortY = halves.allocate("y", Role.ACTIVATION, ElementType.BF16, N, OUT);
            calls.calls();
            halves.repeated()
                    .run(() -> backend.kernels().linear().forward(shortY, shortX, shortWeight, Optional.of(bias)));
            return calls.calls();
        }
    }

    /// The same for the first rows of x.
    void forwardRows(int first, int rows) {
        backend.kernels().linear().forward(y.slice(first, rows), x.slice(first, rows), weight, Optional.of(bias));
    }

    /// The same by a matrix and a bias that begin an element later in x.
    void forwardUnaligned() {
        try (Region shifted = backend.region("shifted")) {
            Tensor odd = shifted.floats("odd", Role.ACTIVATION, N + 1, 1).slice(1, N);
            Tensor narrow = shifted.floats("narrow", Role.WEIGHT, OUT, 1);
            backend.kernels().linear().forward(y, odd, narrow, Optional.empty());
            backend.synchronize();
        }
    }

    /// `dWeight += yᵀ·x`, from zero.
    float[] gradient() {
        backend.kernels().fill().constant(dWeight, 0);
        backend.kernels().linear().backwardWeight(dWeight, Optional.empty(), y, x);
        return backend.floats(dWeight);
    }

    @Override
    public void close() {
        region.close();
        backend.close();
    }
}
