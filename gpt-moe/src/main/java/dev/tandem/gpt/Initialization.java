package dev.tandem.gpt;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.FeedForwardWeights;
import dev.tandem.engine.kernel.Fill;
import java.util.OptionalInt;

/// First values of the parameters.
///
/// | parameter              | distribution                                   |
/// |------------------------|------------------------------------------------|
/// | embedding, positions   | N(0, C^−½) by deviation, row of the padding id 0 |
/// | queries, keys, values  | U(±√(3/2C)), Xavier with gain 1/√2; bias U(±1/√C) |
/// | output projection      | U(±√(3/C)), Xavier; bias 0                     |
/// | feed-forward, experts  | U(±1/√in), the bias too                        |
/// | gate                   | U(±1/√C)                                       |
/// | norms                  | gain 1, bias 0                                 |
///
/// Every tensor draws from a stream of its own, every expert from one of its own: the values depend
/// on the seed, the parameter and the global number of the expert only.
/// Source: the public code of <https://arxiv.org/abs/2112.10684>.
final class Initialization {
    private static final int EXPERT_BITS = 32;

    private final Fill fill;
    private final long seed;
    private long parameter;

    private Initialization(Fill fill, long seed) {
        this.fill = fill;
        this.seed = seed;
    }

    static void fill(Fill fill, GptConfig config, Parameters parameters, long seed) {
        new Initialization(fill, seed).run(config, parameters);
    }

    private void run(GptConfig config, Parameters parameters) {
        int C = config.C();
        embedding(parameters.embedding(), C, config.padding());
        parameters.positions().ifPresent(positions -> embedding(positions, C, config.padding()));
        for (var block : parameters.blocks()) {
            norm(block.attentionNorm());
            uniform(block.qkv().weight(), Math.sqrt(1.5 / C));
            block.qkv().bias().ifPresent(bias -> uniform(bias, 1 / Math.sqrt(C)));
            uniform(block.out().weight(), Math.sqrt(3.0 / C));
            block.out().bias().ifPresent(bias -> fill.constant(bias, 0));
            norm(block.feedForwardNorm());
            switch (block.feedForward()) {
                case Parameters.Layer.Dense(Parameters.Linear up, Parameters.Linear down) -> {
                    linear(up);
                    linear(down);
                }
                case Parameters.Layer.Experts(Parameters.Linear gate, FeedForwardWeights weights) -> {
                    linear(gate);
                    perExpert(weights.up(), C);
                    perExpert(weights.upBias(), C);
                    int F = weights.upBias().shape().last();
                    perExpert(weights.down(), F);
                    perExpert(weights.downBias(), F);
                }
            }
        }
        norm(parameters.norm());
    }

    private void embedding(Tensor table, int C, OptionalInt padding) {
        fill.normal(table, 0, (float) (1 / Math.sqrt(C)), seed, nextStream());
        if (padding.isPresent()) {
            fill.constant(table.slice(padding.getAsInt(), 1), 0);
        }
    }

    private void norm(Parameters.Norm norm) {
        fill.constant(norm.gain(), 1);
        fill.constant(norm.bias(), 0);
    }

    private void linear(Parameters.Linear linear) {
        double bound = 1 / Math.sqrt(linear.weight().shape().last());
        uniform(linear.weight(), bound);
        linear.bias().ifPresent(bias -> uniform(bias, bound));
    }

    private void uniform(Tensor tensor, double bound) {
        fill.uniform(tensor, (float) -bound, (float) bound, seed, nextStream());
    }

    private void perExpert(Tensor stack, int in) {
        float bound = (float) (1 / Math.sqrt(in));
        long stream = nextStream();
        for (int e = 0; e < stack.shape().extent(0); e++) {
            fill.uniform(stack.at(e), -bound, bound, seed, stream + e);
        }
    }

    private long nextStream() {
        return parameter++ << EXPERT_BITS;
    }
}
