package dev.tandem.engine.internal;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.LayerNorm;

final class CheckedLayerNorm extends Checked implements LayerNorm {
    private final LayerNorm kernel;

    CheckedLayerNorm(LayerNorm kernel, Guard guard, Backend backend) {
        super(guard, backend, "LayerNorm");
        this.kernel = kernel;
    }

    @Override
    public void forward(Tensor y, Saved saved, Tensor x, Tensor gain, Tensor bias, float epsilon) {
        enter();
        try {
            normalizes(x, saved, gain);
            matrix("y", y, x.type(), x.shape().rows(), x.shape().last());
            vector("bias", bias, ElementType.F32, x.shape().last());
            if (!(epsilon > 0)) {
                throw refuse("epsilon must be positive, was " + epsilon);
            }
            kernel.forward(y, saved, x, gain, bias, epsilon);
        } finally {
            exit();
        }
    }

    @Override
    public void backward(Tensor dx, Tensor dGain, Tensor dBias, Tensor dy, Saved saved, Tensor x, Tensor gain) {
        enter();
        try {
            normalizes(x, saved, gain);
            int C = x.shape().last();
            matrix("dx", dx, x.type(), x.shape().rows(), C);
            matrix("dy", dy, x.type(), x.shape().rows(), C);
            vector("dGain", dGain, ElementType.F32, C);
            vector("dBias", dBias, ElementType.F32, C);
            kernel.backward(dx, dGain, dBias, dy, saved, x, gain);
        } finally {
            exit();
        }
    }

    private void normalizes(Tensor x, Saved saved, Tensor gain) {
        ElementType type = working("x", x);
        int N = Math.toIntExact(x.shape().rows());
        matrix("x", x, type, N, x.shape().last());
        vector("saved.mean", saved.mean(), ElementType.F32, N);
        vector("saved.rstd", saved.rstd(), ElementType.F32, N);
        vector("gain", gain, ElementType.F32, x.shape().last());
    }
}
