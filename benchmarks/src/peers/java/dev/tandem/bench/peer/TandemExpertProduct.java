package dev.tandem.bench.peer;

import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertRows;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// Products of all experts by Tandem, their weights packed once, as a model has them.
final class TandemExpertProduct extends TandemContestant {
    private final Tensor y;
    private final Tensor x;
    private final Tensor weight;
    private final ExpertRows rows;

    TandemExpertProduct(Setting setting, ExpertProduct product) {
        super(setting);
        int R = product.rows();
        this.y = room().activation("y", R, product.out());
        this.x = tensor("x", Role.ACTIVATION, product.x(), R, product.in());
        this.weight = tensor("weight", Role.WEIGHT, product.weights(), product.E(), product.out(), product.in());
        this.rows = compact(product.counts());
    }

    private ExpertRows compact(List<Integer> counts) {
        int E = counts.size();
        int[] count = counts.stream().mapToInt(Integer::intValue).toArray();
        var starts = new int[E];
        for (int e = 1; e < E; e++) {
            starts[e] = starts[e - 1] + count[e - 1];
        }
        int R = starts[E - 1] + count[E - 1];
        return new ExpertRows(
                room().integers("starts", starts, E),
                room().integers("counts", count, E),
                room().integers("choiceOf", IntStream.range(0, R).toArray(), R));
    }

    @Override
    protected void compute() {
        kernels().expertLinear().forward(y, x, weight, Optional.empty(), rows);
    }

    @Override
    protected List<Answer> results() {
        return List.of(answer("y", y));
    }
}
