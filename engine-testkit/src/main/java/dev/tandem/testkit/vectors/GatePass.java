package dev.tandem.testkit.vectors;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertLoad;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.GateOptions;
import dev.tandem.engine.kernel.Routing;
import java.util.Arrays;
import java.util.Optional;

/// One forward and backward of the gate, as the kinds `gating` and `moe_layer` need it.
final class GatePass {
    private final VectorFile file;
    private final Backend backend;
    private final GateOptions options;
    private final Tensor logits;
    private final Tensor probabilities;
    private final Tensor balanceLoss;
    private final Routing routing;
    private final ExpertRows rows;
    private final ExpertLoad load;

    GatePass(VectorFile file, Backend backend, Operands operands, Tensor logits, GateOptions options) {
        this.file = file;
        this.backend = backend;
        this.options = options;
        this.logits = logits;
        int N = logits.shape().extent(0);
        int E = logits.shape().extent(1);
        int K = options.K();
        probabilities = operands.empty(N, E);
        balanceLoss = operands.empty(1);
        routing = new Routing(operands.emptyIntegers(N, K), operands.emptyIntegers(N, K), operands.empty(N, K));
        rows = new ExpertRows(
                operands.emptyIntegers(E), operands.emptyIntegers(E), operands.emptyIntegers(options.rows(N, E)));
        load = new ExpertLoad(operands.emptyIntegers(K, E), operands.emptyIntegers(K, E), operands.empty(1));
        Optional<Tensor> noise = switch (options.secondPolicy()) {
            case ALL -> Optional.empty();
            case SAMPLING -> Optional.of(operands.floats("in.noise"));
            case RANDOM -> Optional.of(operands.floats("in.uniform"));
        };
        backend.kernels()
                .gate()
                .forward(
                        routing,
                        rows,
                        load,
                        balanceLoss,
                        probabilities,
                        logits,
                        operands.integersIfAny("in.pad"),
                        noise,
                        options);
    }

    Routing routing() {
        return routing;
    }

    ExpertRows rows() {
        return rows;
    }

    /// Rows R of the expert buffers.
    int R() {
        return rows.choiceOf().shape().extent(0);
    }

    /// Gradient of the logits.
    void backward(Tensor dLogits, Tensor dWeight) {
        float dBalanceLoss = (float) file.scalar("in.grad_aux");
        backend.kernels().gate().backward(dLogits, dWeight, routing, load, probabilities, dBalanceLoss, options);
    }

    /// Compares everything that the forward gave.
    void compare(Comparisons comparisons) {
        int N = logits.shape().extent(0);
        int E = logits.shape().extent(1);
        int[] capacity = {options.capacity().slots(N, E)};
        comparisons.exactly("capacity", new int[] {file.integer("capacity")}, capacity);
        comparisons.integers("out.expert", backend.integers(routing.expert()));
        int[] slot = backend.integers(routing.slot());
        int[] kept = Arrays.stream(slot).map(place -> place < 0 ? 0 : 1).toArray();
        comparisons.integers("out.kept", kept);
        comparisons.exactly("out.position", positionsOfKept(), slot);
        comparisons.exactly("dropped", expectedDrops(), foundDrops(E));
        comparisons.floats("out.weight", routing.weight());
        comparisons.floats("out.aux", balanceLoss);
    }

    /// The positions of the file where they were kept, −1 elsewhere.
    private int[] positionsOfKept() {
        int[] position = file.tensor("out.position").integers();
        int[] kept = file.tensor("out.kept").integers();
        Arrays.setAll(position, i -> kept[i] == 0 ? -1 : position[i]);
        return position;
    }

    private int[] expectedDrops() {
        return new int[] {file.integer("first_dropped"), file.integer("second_dropped")};
    }

    private int[] foundDrops(int E) {
        int[] dropped = backend.integers(load.dropped());
        return new int[] {
            Arrays.stream(dropped, 0, E).sum(), Arrays.stream(dropped, E, 2 * E).sum()
        };
    }
}
