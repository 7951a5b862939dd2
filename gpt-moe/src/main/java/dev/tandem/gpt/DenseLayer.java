package dev.tandem.gpt;

import dev.tandem.engine.Kernels;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.GeluForm;
import java.util.Optional;

/// Two linear layers with a GELU between.
final class DenseLayer implements FeedForwardLayer {
    private final Kernels kernels;
    private final Parameters.Layer.Dense weights;
    private final Parameters.Layer.Dense gradients;
    private final GeluForm gelu;
    private final int block;
    private final Tensor hidden;
    private final Optional<Tensor> preActivation;
    private final Optional<Tensor> dHidden;
    private final Optional<Tensor> branch;

    DenseLayer(Context context, int block, Parameters.Layer.Dense weights, Parameters.Layer.Dense gradients) {
        this.kernels = context.kernels();
        this.weights = weights;
        this.gradients = gradients;
        this.gelu = context.plan().config().gelu();
        this.block = block;
        String name = context.plan().block(block);
        this.hidden = context.tensor(name + "hidden");
        boolean training = context.plan().training();
        this.preActivation = training ? Optional.of(context.tensor(name + "preActivation")) : Optional.empty();
        this.dHidden = training ? Optional.of(context.tensor("dHidden")) : Optional.empty();
        this.branch = training ? Optional.of(context.tensor("branch")) : Optional.empty();
    }

    @Override
    public void forward(Tensor y, Tensor x, Pass pass) {
        var up = weights.up();
        var down = weights.down();
        kernels.linear().forwardGelu(hidden, preActivation, x, up.weight(), up.bias(), gelu);
        kernels.linear().forward(y, hidden, down.weight(), down.bias());
        if (pass.drops()) {
            kernels.dropout().forward(y, y, pass.dropout(), pass.seed(), pass.feedForwardStream(block));
        }
    }

    @Override
    public void backward(Tensor dx, Tensor dy, Tensor x, Pass pass) {
        Tensor d = dy;
        if (pass.drops()) {
            d = branch.orElseThrow();
            kernels.dropout().forward(d, dy, pass.dropout(), pass.seed(), pass.feedForwardStream(block));
        }
        Tensor h = dHidden.orElseThrow();
        kernels.linear()
                .backwardWeight(gradients.down().weight(), gradients.down().bias(), d, hidden);
        kernels.linear().backwardData(h, d, weights.down().weight());
        kernels.gelu().backward(h, h, preActivation.orElseThrow(), gelu);
        kernels.linear().backwardWeight(gradients.up().weight(), gradients.up().bias(), h, x);
        kernels.linear().backwardData(dx, h, weights.up().weight());
    }
}
