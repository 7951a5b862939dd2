package dev.tandem.bench.peer;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Region;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import java.util.Optional;

/// A backend of Tandem, its weights packed once, as a model has them.
final class Tandem implements Contestant {
    private final Backend backend;
    private final Region region;
    private final Tensor y;
    private final Tensor x;
    private final Tensor weight;

    Tandem(Backend backend, Product product) {
        this.backend = backend;
        this.region = backend.region("peers");
        this.y = region.floats("y", Role.ACTIVATION, product.N(), product.out());
        this.x = region.floats("x", Role.ACTIVATION, product.N(), product.in());
        this.weight = region.floats("weight", Role.WEIGHT, product.out(), product.in());
        backend.upload(x, product.x());
        backend.upload(weight, product.weight());
    }

    @Override
    public String name() {
        return "Tandem";
    }

    @Override
    public void multiply() {
        backend.kernels().linear().forward(y, x, weight, Optional.empty());
        backend.synchronize();
    }

    @Override
    public float[] result() {
        return backend.floats(y);
    }

    @Override
    public void close() {
        region.close();
    }
}
