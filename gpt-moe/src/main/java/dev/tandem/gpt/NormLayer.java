package dev.tandem.gpt;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.LayerNorm;

/// A layer norm with its weights and buffers.
final class NormLayer {
    private final LayerNorm kernel;
    private final Parameters.Norm weights;
    private final Parameters.Norm gradients;
    private final Tensor x;
    private final Tensor y;
    private final LayerNorm.Saved saved;
    private final float epsilon;

    /// @param x what it normalizes
    /// @param name of its buffers
    NormLayer(Context context, Parameters.Norm weights, Parameters.Norm gradients, Tensor x, String name) {
        this.kernel = context.kernels().layerNorm();
        this.weights = weights;
        this.gradients = gradients;
        this.x = x;
        this.y = context.tensor(name);
        this.saved = new LayerNorm.Saved(context.tensor(name + ".mean"), context.tensor(name + ".rstd"));
        this.epsilon = (float) context.plan().config().epsilon();
    }

    Tensor y() {
        return y;
    }

    void forward() {
        kernel.forward(y, saved, x, weights.gain(), weights.bias(), epsilon);
    }

    /// Replaces the gradient of `y` by the gradient of `x`.
    void backward(Tensor d) {
        kernel.backward(d, gradients.gain(), gradients.bias(), d, saved, x, weights.gain());
    }
}
