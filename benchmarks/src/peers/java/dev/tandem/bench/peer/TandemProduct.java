package dev.tandem.bench.peer;

import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A product by Tandem, its weights packed once, as a model has them.
final class TandemProduct extends TandemContestant {
    private final Tensor y;
    private final Tensor x;
    private final List<Tensor> weights = new ArrayList<>();
    private int calls;

    TandemProduct(Setting setting, Product product) {
        super(setting);
        this.y = room().activation("y", product.N(), product.out());
        this.x = tensor("x", Role.ACTIVATION, product.x(), product.N(), product.in());
        float[] weight = product.weights();
        for (int copy = 0; copy < product.copies(); copy++) {
            weights.add(tensor("weight" + copy, Role.WEIGHT, weight, product.out(), product.in()));
        }
    }

    @Override
    protected void compute() {
        kernels().linear().forward(y, x, weights.get(calls++ % weights.size()), Optional.empty());
    }

    @Override
    protected List<Answer> results() {
        return List.of(answer("y", y));
    }
}
